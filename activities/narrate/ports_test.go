package narrate_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident"
	"curfew/activities/incident/pagerduty"
	"curfew/activities/incident/servicenow"
	"curfew/activities/kinds"
	"curfew/activities/notify"
	"curfew/activities/notify/slack"
	"curfew/activities/notify/teams"
	"curfew/activities/notify/webhook"
	"curfew/activities/ticket"
	"curfew/activities/ticket/jira"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/internal/sandbox"
	jiradouble "curfew/internal/sandbox/jira"
	pagerdouble "curfew/internal/sandbox/pagerduty"
	snowdouble "curfew/internal/sandbox/servicenow"
	slackdouble "curfew/internal/sandbox/slack"
	"curfew/workflows/contract"
)

const (
	token    = "a-token-of-the-test"
	fire     = "the shop is on fire \U0001f525"
	noFire   = "the shop is on fire \ufffd"
	pdID     = "PT4KHLK"
	snowID   = "INC0010007"
	ticketID = "OPS-7"
)

func page(id string) string { return "https://curfew.example.com/requests/" + id }

// faulty serves a stand-in that fails at what is beyond the plane.
func faulty(t *testing.T, site http.Handler) string {
	t.Helper()
	var faults sandbox.Faults
	faults.Add(sandbox.Fault{Body: sandbox.BeyondPlane, Status: http.StatusInternalServerError})
	server := httptest.NewServer(faults.Wrap(site))
	t.Cleanup(server.Close)
	return server.URL
}

// said are events to be written, and how their request stands.
type said struct {
	Events []contract.Event
	Status contract.Status
}

// writing has one of the activities write two events, of which the first is on fire, and shows what was written.
type writing struct {
	attempt func(ctx context.Context, in said) (contract.Written, error)
	written func() []string
}

func onTicket(t *testing.T) writing {
	t.Helper()
	site := jiradouble.New(jiradouble.Options{
		Deployment: jiradouble.DataCenter, Accounts: []jiradouble.Account{{ID: "curfew", Name: "curfew", Token: token}},
	})
	site.AddIssue(ticketID, "Orders are late", "Open")
	system, err := jira.New(
		jira.Settings{URL: faulty(t, site.Handler()), Deployment: jira.DataCenter, Token: config.SecretOf(token)},
	)
	require.NoError(t, err)
	activities := ticket.New(ticket.Options{System: system, Page: page})
	return writing{
		func(ctx context.Context, in said) (contract.Written, error) {
			return activities.Comment(
				ctx,
				contract.CommentInput{Ticket: ticketID, Events: in.Events, Status: in.Status},
			)
		},
		func() (all []string) {
			for _, comment := range site.Comments(ticketID) {
				all = append(all, comment.Body)
			}
			return all
		},
	}
}

func onOpening(t *testing.T) writing {
	t.Helper()
	site := jiradouble.New(jiradouble.Options{
		Deployment: jiradouble.DataCenter, Accounts: []jiradouble.Account{{ID: "curfew", Name: "curfew", Token: token}},
	})
	system, err := jira.New(
		jira.Settings{URL: faulty(t, site.Handler()), Deployment: jira.DataCenter, Token: config.SecretOf(token)},
	)
	require.NoError(t, err)
	activities := ticket.New(ticket.Options{System: system, Page: page})
	return writing{
		func(ctx context.Context, in said) (contract.Written, error) {
			opened, err := activities.Open(
				ctx,
				contract.OpenTicketInput{Project: "OPS", Type: "Task", Status: in.Status},
			)
			return opened.Written, err
		},
		func() (all []string) {
			for _, issue := range site.Issues("OPS") {
				all = append(all, issue.Text, "and the rest")
			}
			return all
		},
	}
}

func onIncident(t *testing.T, system incident.System, err error, id string, written func() []string) writing {
	t.Helper()
	require.NoError(t, err)
	activities := incident.New(incident.Systems{system}, page)
	return writing{func(ctx context.Context, in said) (contract.Written, error) {
		return activities.AddNote(ctx, contract.AddNoteInput{Incident: id, Events: in.Events, Status: in.Status})
	}, written}
}

func onPagerDuty(t *testing.T) writing {
	t.Helper()
	site := pagerdouble.New(pagerdouble.Options{
		Key: token, Users: []pagerdouble.User{{ID: "PCURFEW", Name: "Curfew", Email: "curfew@example.com"}},
		Services: []pagerdouble.Service{{ID: "PSHOP01", Name: "Shop", Policy: "PPOLICY"}},
	})
	site.Trigger(pagerdouble.Incident{ID: pdID, Title: "Orders are late", Service: "PSHOP01"})
	system, err := pagerduty.New(
		pagerduty.Settings{URL: faulty(t, site.Handler()), Token: config.SecretOf(token), From: "curfew@example.com"},
	)
	return onIncident(t, system, err, pdID, func() (all []string) {
		for _, note := range site.Notes(pdID) {
			all = append(all, note.Content)
		}
		return all
	})
}

func onServiceNow(t *testing.T) writing {
	t.Helper()
	site := snowdouble.New(
		snowdouble.Options{Accounts: []snowdouble.Account{{ID: "c0ffee", Name: "curfew", Password: token}}},
	)
	site.AddIncident(snowdouble.Incident{Number: snowID, State: "1", Title: "Orders are late"})
	system, err := servicenow.New(
		servicenow.Settings{URL: faulty(t, site.Handler()), User: "curfew", Password: config.SecretOf(token)},
	)
	return onIncident(t, system, err, snowID, func() (all []string) {
		for _, note := range site.Notes(snowID) {
			all = append(all, note.Text)
		}
		return all
	})
}

func onChannel(t *testing.T, settings notify.Settings, written func() []string) writing {
	t.Helper()
	open, faults := kinds.OpenChannels(
		map[string]config.System{"c": {Settings: settings}},
		"https://curfew.example.com",
	)
	require.Empty(t, faults)
	directory := reload.Fixed(
		&config.Config{
			Directory: people.Directory{
				People: map[string]people.Person{"ann": {Accounts: map[string]string{"slack": "U0ANN"}}},
			},
		},
	)
	activities := notify.New(directory, open, page)
	return writing{func(ctx context.Context, in said) (contract.Written, error) {
		result, err := activities.Send(ctx, contract.NotifyInput{Channel: "c", Events: in.Events, Status: in.Status})
		return result.Written, err
	}, written}
}

func onSlack(t *testing.T) writing {
	t.Helper()
	site := slackdouble.New(
		slackdouble.Options{Bots: []slackdouble.Bot{{Token: token, ID: "B0CURFEW"}}, Channels: []string{"C0OPS"}},
	)
	return onChannel(
		t,
		&slack.Settings{Token: config.SecretOf(token), Channel: "C0OPS", URL: faulty(t, site.Handler())},
		func() (all []string) {
			for _, message := range site.Messages("C0OPS") {
				all = append(all, message.Text, message.Blocks)
			}
			return all
		},
	)
}

// posts keeps what is posted.
type posts struct {
	mu  sync.Mutex
	all []string
}

func (p *posts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is missing is missed
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, string(body))
	w.WriteHeader(http.StatusAccepted)
}

func (p *posts) written() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

func onTeams(t *testing.T) writing {
	t.Helper()
	site := &posts{}
	return onChannel(t, &teams.Settings{URL: config.SecretOf(faulty(t, site))}, site.written)
}

func onWebhook(t *testing.T) writing {
	t.Helper()
	site := &posts{}
	return onChannel(t, &webhook.Settings{
		URL: faulty(
			t,
			site,
		),
		AllowPrivate: true,
		Secrets:      []config.Secret{config.SecretOf("whsec_" + strings.Repeat("Y2FuYXJ5", 5))},
	}, site.written)
}

func status() contract.Status {
	asked := time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC)
	return contract.Status{
		ID:        "r1",
		State:     contract.StateEnded,
		Outcome:   contract.OutcomeDenied,
		Template:  "debug-prod",
		Requester: "ann",
		Subject:   "ann",
		Purpose:   contract.Purpose{Reason: fire, Ticket: ticketID},
		AskedAt:   asked,
	}
}

func TestP8NoPlaceStopsTheStoryForACharacterThatItCanNotStore(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) writing{
		"Jira": onTicket, "a new ticket at Jira": onOpening, "PagerDuty": onPagerDuty, "ServiceNow": onServiceNow,
		"Slack": onSlack, "Teams": onTeams, "a webhook": onWebhook,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := open(t)
			var story []contract.Event
			for i, text := range []string{fire, "and the rest"} {
				story = append(
					story,
					contract.Event{
						Request: "r1",
						Seq:     i + 1,
						Kind:    contract.EventDenied,
						Actor:   "bob",
						Said:    text,
						At:      status().AskedAt,
					},
				)
			}
			written, _, err := attempts(t, 10, place.attempt, said{story, status()})
			require.NoError(t, err)
			text := strings.Join(place.written(), "\n")
			require.Contains(t, text, noFire, "only the character is missing")
			require.Contains(t, text, "and the rest")
			require.NotEmpty(t, written.LeftOut, "and it is left out by name")
			require.Contains(t, fmt.Sprint(written.LeftOut), "characters beyond the Basic Multilingual Plane")
			require.Zero(t, written.Rest)
		})
	}
}
