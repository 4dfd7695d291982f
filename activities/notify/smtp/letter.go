package smtp

import (
	"crypto/sha256"
	_ "embed" // the two forms of a letter
	"encoding/hex"
	"fmt"
	htmltemplate "html/template"
	netmail "net/mail"
	"strings"
	texttemplate "text/template"

	"github.com/wneessen/go-mail"

	"curfew/activities/notify"
	"curfew/activities/story"
)

const (
	subjectLimit = 150 // in bytes
	lineLimit    = 1000
	mostLines    = 20
)

var (
	//go:embed letter.txt
	plainText string
	//go:embed letter.html
	htmlText string

	plainForm = texttemplate.Must(
		texttemplate.New("letter.txt").Funcs(texttemplate.FuncMap{"quoted": quoted}).Parse(plainText),
	)
	htmlForm = htmltemplate.Must(htmltemplate.New("letter.html").Parse(htmlText))
)

// page is what the forms are filled with.
type page struct {
	Headline string
	Lines    []string
	Said     string
	Asks     string
	Facts    []notify.Fact
	Quotes   []notify.Quote
	Page     string
}

// letter is the mail to one person. Its id is the same each time, so that a mail that comes twice is known to be the
// same; all mails of a request refer to the same id, so that they are shown together.
func (c *Channel) letter(m notify.Message, to notify.Recipient) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	letter.FromMailAddress(c.from)
	letter.AddToMailAddress(&netmail.Address{Name: notify.Line(to.Name), Address: to.Account})
	letter.Subject(
		story.OneLine(
			fmt.Sprintf(
				"%s: %s for %s",
				m.Entry.Headline,
				m.Status.Template,
				story.Person(m.Status.Names, m.Status.Subject),
			),
			subjectLimit,
		),
	)
	letter.SetDateWithValue(m.Event.At)
	letter.SetMessageIDWithValue(c.id(m.Event.ID(), to.Person))
	thread := "<" + c.id(m.Event.Request) + ">"
	letter.SetGenHeader(mail.HeaderInReplyTo, thread)
	letter.SetGenHeader(mail.HeaderReferences, thread)
	// Programs that answer for people who are away leave such mail alone.
	letter.SetGenHeader("Auto-Submitted", "auto-generated")

	filled := fill(m)
	if err := letter.SetBodyTextTemplate(plainForm, filled); err != nil {
		return nil, fmt.Errorf("write the mail: %w", err)
	}
	if err := letter.AddAlternativeHTMLTemplate(htmlForm, filled); err != nil {
		return nil, fmt.Errorf("write the mail: %w", err)
	}
	return letter, nil
}

// id is an identifier of a mail, made of what it is about.
func (c *Channel) id(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16]) + c.from.Address[strings.LastIndexByte(c.from.Address, '@'):]
}

func fill(m notify.Message) page {
	filled := page{
		Headline: story.OneLine(m.Entry.Headline, lineLimit), Said: story.Visible(m.Entry.Said), Asks: m.Asks.Words(),
		Facts: notify.Facts(m.Status), Page: m.Page,
	}
	for _, line := range m.Entry.Lines[:min(len(m.Entry.Lines), mostLines)] {
		filled.Lines = append(filled.Lines, story.OneLine(line, lineLimit))
	}
	for _, quote := range notify.Quotes(m.Status) {
		if quote.Text != filled.Said { // it was said just now
			filled.Quotes = append(filled.Quotes, quote)
		}
	}
	return filled
}

// quoted puts a sign before each line of what a person typed, so that none can be taken for Curfew's.
func quoted(said string) string {
	lines := strings.FieldsFunc(said, func(r rune) bool { return r == '\n' || r == '\u2028' || r == '\u2029' })
	return "> " + strings.Join(lines, "\n> ")
}
