package notify

import (
	"fmt"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Fact is one thing to know about a request. People and other systems have a say in its value, which is not to be
// trusted: whoever shows it must show it as it is. It is one line.
type Fact struct{ Name, Value string }

// Facts are how a request stands, and all that it gives: what a reviewer must have seen.
func Facts(status contract.Status) []Fact {
	facts := []Fact{
		{"State", story.State(story.Case{Status: status, Now: time.Now()})},
		{"Template", status.Template},
		{"Requester", story.Person(status.Names, status.Requester)},
		{"Subject", story.Person(status.Names, status.Subject)},
	}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, Fact{name, value})
		}
	}
	for _, hold := range status.Holds {
		add("Access", fmt.Sprintf("%s as %s: %s", hold.Access.Target, hold.Access.Account, hold.Access.Entitlement))
	}
	add("Duration", status.Duration.String())
	add("Had before, without a break since", clock(status.ContinuousSince))
	add("Begins", clock(status.StartAt))
	add("Until", clock(status.Until))
	for _, fact := range status.Facts() {
		add(fact.Label, fact.Value)
	}
	if status.BreakGlass {
		add("Break-glass", "opened without approval")
	}
	add("Reviews", reviews(status))
	if x := status.Extension; x != nil {
		add("Extension", fmt.Sprintf("%s more, asked for by %s", x.Duration, story.Person(status.Names, x.By)))
	}
	if status.State == contract.StatePending {
		add("Decide by", clock(status.DecideBy))
	}
	if status.PostReview != nil {
		add("Break-glass reviewed by", story.Person(status.Names, status.PostReview.Reviewer))
	} else {
		add("Break-glass review due", clock(status.ReviewDue))
	}
	for i := range facts {
		facts[i].Value = Line(facts[i].Value)
	}
	return facts
}

// Quote is what a person typed, and what it was about.
type Quote struct{ Name, Text string }

// Quotes are the reasons that people gave for what is asked. They are untrusted, and may have several lines.
func Quotes(status contract.Status) []Quote {
	var quotes []Quote
	add := func(name, typed string) {
		if typed != "" {
			quotes = append(quotes, Quote{name, story.Visible(typed)})
		}
	}
	for _, said := range status.Prose() {
		add(said.Label, said.Value)
	}
	if status.Extension != nil {
		add("Reason for the extension", status.Extension.Reason)
	}
	return quotes
}

// AwaitsReview is true while reviewers can approve or deny something.
func AwaitsReview(status contract.Status) bool {
	return status.State == contract.StatePending || status.State == contract.StateActive && status.Extension != nil
}

// Line is text of others on one line, with a sign in the place of what could hide or reorder it.
func Line(text string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\t', '\u2028', '\u2029':
			return ' '
		}
		return r
	}, story.Visible(text))
}

func reviews(status contract.Status) string {
	if status.Needed == 0 && len(status.Reviews) == 0 {
		return ""
	}
	said := []string{fmt.Sprintf("%d of %d approvals", status.Approvals, status.Needed)}
	for _, review := range status.Reviews {
		text := string(review.Verdict) + " by " + story.Person(status.Names, review.Reviewer)
		if review.Duration.Duration > 0 {
			text += " for " + review.Duration.String() + " at most"
		}
		said = append(said, text)
	}
	return strings.Join(said, ", ")
}

func clock(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}
