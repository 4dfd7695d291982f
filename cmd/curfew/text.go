package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

// statusText is one request in full.
func (p *program) statusText(page *page, status contract.Status) {
	page.row("request", status.ID)
	page.row("state", p.stateText(status))
	page.row("summary", story.Standing(p.caseOf(status)))
	page.fact("next", story.NextStep(p.caseOf(status)))
	page.fact("why", status.Why)
	if ending := status.Ending; ending != nil {
		page.row("ended by", person(status, ending.By)+", "+p.moment(ending.At)+because(ending.Reason))
	}
	for _, gap := range status.Lost {
		page.row("lost", fmt.Sprintf("the audit log lacks the events %d to %d", gap.From, gap.To))
	}
	page.row("template", status.Template)
	page.row("requester", person(status, status.Requester))
	if status.Subject != status.Requester {
		page.row("subject", person(status, status.Subject))
	}
	page.row("duration", fmt.Sprintf("%s of at most %s", status.Duration, status.MaxDuration))
	page.facts(status.Facts())
	if status.ContinuousSince != nil {
		page.row("had before", "without a break since "+p.moment(*status.ContinuousSince))
	}
	page.facts(status.Prose())
	page.row("asked", p.moment(status.AskedAt))
	if status.StartAt != nil {
		page.row("begins", p.appointment(*status.StartAt))
	}
	if status.State == contract.StatePending {
		page.row("approvals", approvalsText(status))
		page.fact("lapses", p.maybe(status.DecideBy))
	}
	reviewsText(page, status)
	p.breakGlassText(page, status)
	page.fact("granted", p.maybe(status.GrantedAt))
	if status.State == contract.StateActive && status.Until != nil && status.Until.After(p.now()) &&
		status.Ending == nil {
		page.fact("ends", p.maybe(status.Until))
	}
	if status.Untracked {
		page.row(
			"untracked",
			"Temporal has no workflow of it any more: nobody can decide or extend it. The targets' workers end its access",
		)
	}
	if extension := status.Extension; extension != nil {
		page.row("extension", fmt.Sprintf("%s asks for %s more and waits for a review%s",
			person(status, extension.By), extension.Duration, because(extension.Reason)))
	}
	page.fact("ended", p.maybe(status.EndedAt))
	for _, hold := range status.Holds {
		page.row("access", p.holdText(status, hold))
	}
}

func approvalsText(status contract.Status) string {
	if status.Needed == 0 {
		return "none needed; the policy decides"
	}
	return fmt.Sprintf(
		"%d of %d, from %s",
		status.Approvals,
		status.Needed,
		story.People(status.Names, status.Reviewers),
	)
}

func reviewsText(page *page, status contract.Status) {
	for _, review := range status.Reviews {
		page.row("review", reviewText(status, review))
	}
}

func reviewText(status contract.Status, review contract.Review) string {
	text := person(status, review.Reviewer) + ": " + string(review.Verdict)
	if review.Duration.Duration > 0 {
		text += fmt.Sprintf(" for at most %s", review.Duration)
	}
	return text + because(review.Reason)
}

// breakGlassText says that break-glass access was used, and who has reviewed it.
func (p *program) breakGlassText(page *page, status contract.Status) {
	if !status.BreakGlass {
		return
	}
	page.row("break-glass", "Opened without approval (break-glass by "+person(status, status.Requester)+")")
	switch {
	case status.PostReview != nil:
		page.row("reviewed", reviewText(status, *status.PostReview))
	case status.ReviewDue != nil:
		page.row("review due", "by a second person, "+p.moment(*status.ReviewDue))
	}
}

// person is who somebody is, with the id.
func person(status contract.Status, id string) string { return story.Person(status.Names, id) }

// caseOf is what the sentences about a request need.
func (p *program) caseOf(status contract.Status) story.Case {
	return story.Case{
		Status: status,
		Now:    p.now(),
		Clock:  func(at time.Time) string { return at.In(p.zone).Format("2006-01-02 15:04 MST") },
	}
}

func (p *program) stateText(status contract.Status) string {
	text := string(status.State)
	if status.State == contract.StateEnded {
		text = story.State(p.caseOf(status))
	}
	switch {
	case status.Stuck:
		text += " (stuck: it is still being tried)"
	case status.Ending != nil && status.Ending.Unrecorded:
		text += " (ended, not yet on record)"
	case status.Ending != nil && status.State != contract.StateEnded:
		text += " (ended)"
	case status.Untracked:
		text += " (untracked)"
	}
	return text
}

func (p *program) holdText(status contract.Status, hold contract.HoldState) string {
	text := fmt.Sprintf("%s on %s: %s", hold.Access.Account, hold.Access.Target, hold.Access.Entitlement)
	if stands := story.Hold(p.caseOf(status), hold); stands != "" {
		text += ", " + stands
	}
	if hold.TakenOver != nil {
		text += because(hold.TakenOver.Reason)
	}
	return text
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// pageText is a list of requests.
func (p *program) pageText(page *page, list api.Page) {
	if len(list.Requests) == 0 {
		page.row("no requests")
		return
	}
	page.row("ID", "STATE", "TEMPLATE", "SUBJECT", "TICKET", "TIME", "REASON")
	for _, status := range list.Requests {
		page.row(
			status.ID,
			p.stateText(status),
			status.Template,
			person(status, status.Subject),
			status.Ticket,
			p.nextTime(status),
			beginning(status.Reason),
		)
	}
	if list.Next != "" {
		page.row("there are more: --before " + list.Next)
	}
}

// nextTime is the time that matters in a request's state.
func (p *program) nextTime(status contract.Status) string {
	switch {
	case status.State == contract.StateEnded && status.EndedAt != nil:
		return "ended " + p.distance(*status.EndedAt)
	case status.State == contract.StatePending && status.DecideBy != nil:
		return "lapses " + p.distance(*status.DecideBy)
	case status.Until != nil && (status.State == contract.StateRevoking || status.Stuck || !status.Until.After(p.now())):
		return "being revoked"
	case status.Until != nil:
		return "ends " + p.distance(*status.Until)
	default:
		return "asked " + p.distance(status.AskedAt)
	}
}

// beginning keeps a list's lines short.
func beginning(text string) string {
	const most = 40
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// eventText is one line of a request's story.
func (p *program) eventText(page *page, event contract.Event) {
	page.row(
		event.At.In(p.zone).Format("2006-01-02 15:04:05 MST"),
		string(event.Kind),
		cmp.Or(event.Headline, event.Actor),
		joined(event.Detail, event.Said),
	)
}

func joined(detail, said string) string {
	if said == "" {
		return detail
	}
	return strings.TrimSpace(detail + " “" + said + "”")
}

// templatesText is what can be asked for.
func templatesText(page *page, list api.Templates) {
	if len(list.Templates) == 0 {
		page.row("no templates")
		return
	}
	page.row("TEMPLATE", "DURATION", "TICKET", "APPROVALS", "DESCRIPTION")
	for _, template := range list.Templates {
		description := template.Description
		if len(template.WithoutAccount) > 0 {
			description = strings.TrimSpace(
				description + " (you have no account on " + strings.Join(template.WithoutAccount, ", ") + ")",
			)
		}
		if rule := template.BreakGlass; rule != nil {
			description = strings.TrimSpace(description + fmt.Sprintf(" (break-glass: at most %s)", rule.MaxDuration))
		}
		page.row(
			template.Name,
			fmt.Sprintf("%s, at most %s", template.DefaultDuration, template.MaxDuration),
			template.Ticket,
			rulesText(list.Names, template.Approvals),
			description,
		)
	}
}

// rulesText is who must approve, rule by rule.
func rulesText(names map[string]string, rules []contract.ApprovalRule) string {
	texts := make([]string, len(rules))
	for i, rule := range rules {
		texts[i] = fmt.Sprintf("%d of %s", rule.Count, listed(names, rule.From, rule.Groups))
		if rule.After.Duration > 0 {
			texts[i] += fmt.Sprintf(
				" (after %s also %s)",
				rule.After,
				listed(names, rule.Then.People, rule.Then.Groups),
			)
		}
	}
	return strings.Join(texts, " and ")
}

// listed are people by name, and groups.
func listed(names map[string]string, people, groups []string) string {
	said := make([]string, len(people))
	for i, person := range people {
		said[i] = story.Person(names, person)
	}
	return strings.Join(slices.Concat(said, groups), ", ")
}
