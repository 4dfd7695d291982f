package teams

import (
	"strings"

	"curfew/activities/notify"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Teams takes cards of some 28 KB. Lengths are in bytes.
const (
	lineLimit  = 300
	mostLines  = 10
	factLimit  = 500
	mostFacts  = 20
	quoteLimit = 2000
	namesLimit = 1000
)

// object is any part of a card.
type object = map[string]any

// card is an Adaptive Card, as a workflow takes it. All texts stand in runs of text, which know no Markdown: what
// people typed is shown as it is.
func card(m notify.Message) object {
	body := []object{text(run(story.OneLine(m.Entry.Headline, lineLimit), true))}
	names := make([]string, len(m.To))
	for i, person := range m.To {
		names[i] = person.Name
	}
	body = append(
		body,
		text(
			run(
				strings.TrimSpace("For "+story.OneLine(strings.Join(names, ", "), namesLimit)+". "+m.Asks.Words()),
				false,
			),
		),
	)
	for _, line := range m.Entry.Lines[:min(len(m.Entry.Lines), mostLines)] {
		body = append(body, text(run(story.OneLine(line, lineLimit), false)))
	}
	if m.Entry.Said != "" {
		body = append(body, quotation(m.Entry.Said))
	}
	facts := notify.Facts(m.Status)
	for _, fact := range facts[:min(len(facts), mostFacts)] {
		body = append(body, text(run(fact.Name+": ", true), run(contract.Shorten(fact.Value, factLimit), false)))
	}
	if len(facts) > mostFacts {
		body = append(body, text(run("There is more on its page.", false)))
	}
	for _, quote := range notify.Quotes(m.Status) {
		if quote.Text != m.Entry.Said {
			body = append(body, text(run(quote.Name+":", true)), quotation(quote.Text))
		}
	}
	return object{"type": "message", "attachments": []object{{
		"contentType": "application/vnd.microsoft.card.adaptive",
		"content": object{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
			"body":    body,
			"actions": []object{{"type": "Action.OpenUrl", "title": "Open the request", "url": m.Page}},
		},
	}}}
}

func quotation(typed string) object {
	return object{
		"type": "Container", "style": "emphasis",
		"items": []object{text(run(contract.Shorten(story.Visible(typed), quoteLimit), false))},
	}
}

func text(runs ...object) object { return object{"type": "RichTextBlock", "inlines": runs} }

// functions are what cards work out within a text, like dates in the reader's own time zone.
var functions = strings.NewReplacer("{{", "{\u200b{")

func run(text string, bold bool) object {
	made := object{"type": "TextRun", "text": functions.Replace(text)}
	if bold {
		made["weight"] = "bolder"
	}
	return made
}
