package story

import (
	"regexp"
	"slices"
	"time"

	"curfew/workflows/contract"
)

// Case is what sentences are about: an event of a request, if any, and how the request stands.
type Case struct {
	Event  contract.Event
	Status contract.Status
	// Now is when it is said.
	Now time.Time
	// Clock puts an instant into words; in UTC when it is nil.
	Clock func(time.Time) string
}

// Fact is something that a case has or has not.
type Fact struct {
	Name  string
	Holds func(Case) bool
}

// Sentence is what Curfew says of a case that has all of the facts. Its text names values in braces, which are facts as
// well: with another value it is another sentence. Facts that it says and does not list are found by the audit in
// storytest.
type Sentence struct {
	Needs []Fact
	Text  string
}

// of is how the tables of sentences are written: the facts first, and the text that says them.
func of(text string, needs ...Fact) Sentence { return Sentence{Needs: needs, Text: text} }

// Fits is true of a case that has all of the facts.
func (s Sentence) Fits(c Case) bool {
	return !slices.ContainsFunc(s.Needs, func(fact Fact) bool { return !fact.Holds(c) })
}

var placeholder = regexp.MustCompile(`\{[a-z-]+\}`)

// Values are the names of the values in the text.
func (s Sentence) Values() []string {
	var names []string
	for _, name := range placeholder.FindAllString(s.Text, -1) {
		names = append(names, name[1:len(name)-1])
	}
	return names
}

// Say puts the values of a case into the text.
func (s Sentence) Say(c Case) string {
	return placeholder.ReplaceAllStringFunc(s.Text, func(name string) string {
		value, known := values[name[1:len(name)-1]]
		if !known {
			return name
		}
		return value(c)
	})
}

// say is the first of the sentences that fits; empty when none does.
func say(sentences []Sentence, c Case) string {
	at := slices.IndexFunc(sentences, func(s Sentence) bool { return s.Fits(c) })
	if at < 0 {
		return ""
	}
	return sentences[at].Say(c)
}

func (c Case) clock(at *time.Time) string {
	switch {
	case at == nil || at.IsZero():
		return "an unknown time"
	case c.Clock != nil:
		return c.Clock(*at)
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}
