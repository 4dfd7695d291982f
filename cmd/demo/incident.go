package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"curfew/internal/sandbox/pagerduty"
	"curfew/workflows/contract"
)

// third plays an incident: nobody asks and nobody approves, because the policy knows who is on call.
func (p *play) third(ctx context.Context) error {
	p.look("before")
	p.say("PagerDuty: the checkout hangs, incident %s goes to Alice, who is on call", incident)
	told := time.Now()
	err := p.hook(ctx, p.pager.Trigger(pagerduty.Incident{
		ID: incident, Title: "The checkout hangs", Service: shop, Assignees: []string{aliceAt},
	}))
	if err != nil {
		return err
	}
	if err := p.awaitAccess(ctx, true, 20*time.Second); err != nil {
		return err
	}
	p.say("the access is there, %d ms after the webhook", time.Since(told).Milliseconds())
	status, err := p.ofIncident(ctx)
	if err != nil {
		return err
	}
	p.say("request %s, by %s: %s", status.ID, status.Requester, status.Template)

	resolved, err := p.pager.Resolve(incident, aliceAt)
	if err != nil {
		return err
	}
	p.say("PagerDuty: the incident is resolved")
	told = time.Now()
	if err := p.hook(ctx, resolved); err != nil {
		return err
	}
	if err := p.awaitAccess(ctx, false, 20*time.Second); err != nil {
		return err
	}
	p.say("the access is gone, %d ms after the webhook", time.Since(told).Milliseconds())
	if err := p.awaitIncidentNotes(ctx, status.ID); err != nil {
		return err
	}
	return p.conclude(ctx, status.ID, contract.OutcomeRevoked, []string{
		"Access requested by Alice (alice)", "Access approved by the policy", "Access granted",
		"Access is being ended by the end of its incident", "Access was ended early by the end of its incident",
	})
}

// hook delivers a webhook, as PagerDuty does.
func (p *play) hook(ctx context.Context, delivery pagerduty.Delivery) error {
	status, err := delivery.Send(ctx, http.DefaultClient, p.config.Server.URL+"/v1/hooks/pagerduty")
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("the webhook was answered with %d", status)
	}
	return err
}

// ofIncident finds the request that the incident has started.
func (p *play) ofIncident(ctx context.Context) (status contract.Status, err error) {
	ctx, done := context.WithTimeout(ctx, 20*time.Second)
	defer done()
	for {
		var page struct {
			Requests []contract.Status `json:"requests"`
		}
		if err := p.answer(ctx, "alice", &page, "list", "--mine", "--template", onCall); err != nil {
			return status, err
		}
		if len(page.Requests) > 1 {
			return status, errors.New("one incident has started several requests for one person")
		}
		if len(page.Requests) == 1 && page.Requests[0].State == contract.StateActive {
			return page.Requests[0], nil
		}
	}
}

// awaitIncidentNotes waits until the incident's log has the whole story.
func (p *play) awaitIncidentNotes(ctx context.Context, id string) error {
	ctx, done := context.WithTimeout(ctx, 20*time.Second)
	defer done()
	if err := p.app.Temporal.GetWorkflow(ctx, contract.RequestWorkflowID(id), "").Get(ctx, nil); err != nil {
		return err
	}
	p.say("what PagerDuty holds on %s:", incident)
	var log strings.Builder
	for _, note := range p.pager.Notes(incident) {
		log.WriteString(note.Content + "\n")
		_, _ = fmt.Fprintf(p.out, "    | %s\n", strings.ReplaceAll(strings.TrimSpace(note.Content), "\n", "\n    | "))
	}
	for _, headline := range []string{"Access granted", "Access was ended early"} {
		if !strings.Contains(log.String(), headline) {
			return fmt.Errorf("the incident does not tell %q", headline)
		}
	}
	return nil
}
