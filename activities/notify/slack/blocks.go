package slack

import (
	"fmt"
	"slices"
	"unicode/utf8"

	goslack "github.com/slack-go/slack"

	"curfew/activities/notify"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// actionOpen is the button that only leads to the page.
const actionOpen = "curfew_open"

const (
	headerLimit = 150
	// sizeLimit bounds what the texts of a message take in JSON, in bytes: Slack refuses messages of more than some
	// 13,000.
	sizeLimit = 9000
	// factSize is what a fact takes beside its text, and quoteLimit what one quotation may take.
	factSize   = 200
	quoteLimit = 4000
	lineLimit  = 500
	mostLines  = 20
	// mostMentions keeps what is asked of many from growing beyond what Slack takes; the others are counted.
	mostMentions = 30
)

const tooLong = "Not everything fits in here. Its page shows the whole of it."

// message is the request's message: how it stands, what it gives, and what can be done. The first also mentions whom
// the event concerns; an update would reach nobody. What does not fit can't be decided here: nobody approves what they
// don't see.
func message(m notify.Message, first bool) []goslack.Block {
	left, whole := size(sizeLimit), true
	title := story.OneLine(
		fmt.Sprintf("%s for %s", m.Status.Template, story.Person(m.Status.Names, m.Status.Subject)),
		headerLimit,
	)
	blocks := []goslack.Block{
		goslack.NewHeaderBlock(goslack.NewTextBlockObject(goslack.PlainTextType, title, false, false)),
	}
	if first && len(m.To) > 0 {
		told := text(story.OneLine(m.Entry.Headline, lineLimit) + ". " + m.Asks.Words())
		blocks = append(blocks, rich(section(append(mentions(m.To), told)...)))
	}
	var lines []goslack.RichTextSectionElement
	for _, fact := range notify.Facts(m.Status) {
		value, all := left.take(fact.Value, sizeLimit)
		if left -= factSize; left < 0 {
			whole = false
			break
		}
		lines, whole = append(lines, bold(fact.Name+": "), text(value+"\n")), whole && all
	}
	elements := []goslack.RichTextElement{section(lines...)}
	for _, quote := range notify.Quotes(m.Status) {
		kept, all := left.take(quote.Text, quoteLimit)
		elements = append(elements, section(bold(quote.Name)), fence(kept))
		whole = whole && all
	}
	if !whole {
		elements = append(elements, section(text(tooLong)))
	}
	return append(blocks, rich(elements...), buttons(m, whole && m.Digest != "" && notify.AwaitsReview(m.Status)))
}

// reply shows one event to those whom it concerns.
func reply(m notify.Message) []goslack.Block {
	left := size(sizeLimit)
	elements := append(mentions(m.To), bold(story.OneLine(m.Entry.Headline, lineLimit)))
	for _, line := range m.Entry.Lines[:min(len(m.Entry.Lines), mostLines)] {
		kept, _ := left.take(notify.Line(line), lineLimit)
		elements = append(elements, text("\n"+kept))
	}
	if words := m.Asks.Words(); words != "" {
		elements = append(elements, text("\n"+words))
	}
	elements = append(elements, text("\n"), goslack.NewRichTextSectionLinkElement(m.Page, "Open", nil))
	told := []goslack.RichTextElement{section(elements...)}
	if m.Entry.Said != "" {
		kept, _ := left.take(story.Visible(m.Entry.Said), quoteLimit)
		told = append(told, fence(kept))
	}
	return []goslack.Block{rich(told...)}
}

// summary stands for the message in notifications. It has nothing in it that anybody typed.
func summary(m notify.Message) string {
	return story.OneLine(
		fmt.Sprintf(
			"%s: %s for %s",
			m.Entry.Headline,
			m.Status.Template,
			story.Person(m.Status.Names, m.Status.Subject),
		),
		lineLimit,
	)
}

func buttons(m notify.Message, decide bool) goslack.Block {
	var elements []goslack.BlockElement
	if decide {
		shown := contract.ButtonValue(m.Status, m.Digest)
		elements = append(
			elements,
			goslack.NewButtonBlockElement(contract.ButtonApprove, shown, label("Approve")).
				WithStyle(goslack.StylePrimary),
			goslack.NewButtonBlockElement(contract.ButtonDeny, shown, label("Deny")).WithStyle(goslack.StyleDanger),
		)
	}
	elements = append(elements, goslack.NewButtonBlockElement(actionOpen, m.Status.ID, label("Open")).WithURL(m.Page))
	return goslack.NewActionBlock("", elements...)
}

func label(text string) *goslack.TextBlockObject {
	return goslack.NewTextBlockObject(goslack.PlainTextType, text, false, false)
}

func mentions(to []notify.Recipient) []goslack.RichTextSectionElement {
	var elements []goslack.RichTextSectionElement
	for _, person := range to[:min(len(to), mostMentions)] {
		elements = append(elements, goslack.NewRichTextSectionUserElement(person.Account, nil), text(" "))
	}
	if left := len(to) - mostMentions; left > 0 {
		elements = append(elements, text(fmt.Sprintf("and %d more: ", left)))
	}
	return elements
}

func rich(elements ...goslack.RichTextElement) goslack.Block {
	return goslack.NewRichTextBlock("", elements...)
}

func section(elements ...goslack.RichTextSectionElement) goslack.RichTextElement {
	return goslack.NewRichTextSection(elements...)
}

func text(text string) goslack.RichTextSectionElement {
	return goslack.NewRichTextSectionTextElement(text, nil)
}

func bold(text string) goslack.RichTextSectionElement {
	return goslack.NewRichTextSectionTextElement(text, &goslack.RichTextSectionTextStyle{Bold: true})
}

// fence is what a person typed, set apart from what Curfew says.
func fence(said string) goslack.RichTextElement {
	return &goslack.RichTextPreformatted{
		Type:     goslack.RTEPreformatted,
		Elements: []goslack.RichTextSectionElement{text(said)},
	}
}

// size is what is left for texts, in bytes of JSON.
type size int

// take keeps as much of a text as is left, and at most so many bytes, and says whether that is all of it.
func (s *size) take(text string, most int) (kept string, all bool) {
	room := min(int(*s), most)
	for at, r := range text {
		cost := utf8.RuneLen(r)
		if slices.Contains([]rune("<>&\u2028\u2029"), r) || r < ' ' || r == '"' || r == '\\' {
			cost = len(`\u0000`)
		}
		if room -= cost; room < 0 {
			return text[:at] + "…", false
		}
		*s -= size(cost)
	}
	return text, true
}
