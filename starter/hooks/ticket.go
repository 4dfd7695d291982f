package hooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"curfew/activities/ledger"
	"curfew/activities/story"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/starter"
	"curfew/workflows/contract"
)

// seenWithin is how long a tracker may take to show a change that it has told of.
const seenWithin = 10 * time.Minute

func ticketReader(webhooks *ticket.Webhooks) reader {
	return func(s snapshot, _ context.Context, _ http.Header, body []byte) (message, error) {
		notice, err := webhooks.Read(body)
		if err != nil {
			return message{}, err
		}
		read := message{delivery: contract.Delivery{
			// Trackers sign no name of a delivery, so that one with another name is the same.
			ID: digest(body), Event: notice.Event, Ticket: notice.Ticket, Change: notice.Change,
		}}
		opened, changed := notice.Event == webhooks.Opened, notice.Event == webhooks.Changed
		switch {
		case !opened && !changed:
			read.unused = "it means nothing here"
		case opened && len(s.hook.Routes) == 0 || changed && !notice.Moved:
			read.idle = true
		case !ticket.ValidKey(notice.Ticket) || s.Tickets != nil && !s.Tickets.Recognizes(notice.Ticket):
			return message{}, contract.Invalid("it is about no ticket").
				At("body").
				Advise("send what " + s.title + " sends by itself")
		}
		return read, nil
	}
}

func ticketActor(webhooks *ticket.Webhooks) actor {
	return func(s snapshot, ctx context.Context, delivery contract.Delivery) (contract.Delivered, error) {
		return s.actOnTicket(ctx, delivery, delivery.Event == webhooks.Opened)
	}
}

// actOnTicket starts a request for a new ticket, and carries what people say by moving it.
func (s snapshot) actOnTicket(
	ctx context.Context, delivery contract.Delivery, opened bool,
) (contract.Delivered, error) {
	tracker, ok := s.Tickets.(ticket.Historian)
	if !ok {
		return contract.Delivered{}, contract.NotFound("%s is not configured any more", s.title).
			At("ticket").
			Advise("configure tickets." + s.hook.Verify + " again")
	}
	found, err := tracker.History(ctx, delivery.Ticket)
	if err != nil {
		return contract.Delivered{}, err
	}
	if opened {
		return s.opened(ctx, found)
	}
	done, err := s.moved(ctx, found, delivery)
	if err != nil || !found.Done {
		return done, err
	}
	ended, err := s.endWith(ctx, found)
	done.Said += fmt.Sprintf(" The ticket is closed: %d requests were ended.", len(ended))
	done.Requests = append(done.Requests, ended...)
	return done, err
}

// endWith ends what the ticket was named for, by any key that it ever had.
func (s snapshot) endWith(ctx context.Context, found ticket.History) (ended []string, err error) {
	for _, key := range found.Keys() {
		more, failed := s.starter.EndWithTicket(ctx, key)
		ended, err = append(ended, more...), errors.Join(err, failed)
	}
	return ended, err
}

// opened starts the one request that belongs to a ticket and its reporter.
func (s snapshot) opened(ctx context.Context, found ticket.History) (contract.Delivered, error) {
	route, fits := s.ticketRoute(found, found.Key)
	switch {
	case !fits:
		return contract.Delivered{Said: "No route fits the ticket " + found.Key + "."}, nil
	case found.Own:
		return contract.Delivered{Said: "Curfew has opened the ticket " + found.Key + " itself."}, nil
	case found.Done:
		return contract.Delivered{Said: "The ticket " + found.Key + " is closed already."}, nil
	}
	person, known := s.starter.Config().PersonByAccount(s.system, found.Reporter)
	if !known {
		return s.tell(ctx, found.Key, "hook/opened", "No access was asked for",
			"Curfew knows nobody with the account of the reporter: an administrator can add it to a person's accounts.")
	}
	status, err := s.starter.StartDerived(ctx, starter.Ask{
		Template:  route.Template,
		Requester: person,
		Duration:  route.Duration,
		Purpose: contract.Purpose{
			Ticket: found.Key,
			Reason: strings.TrimSpace("Ticket " + found.Key + ": " + oneLine(found.Summary)),
		},
		Source: s.system,
	}, starter.Origin{
		Began: found.CreatedAt, Of: []string{s.system, found.Key, person, route.Template},
		Admit: s.turn(s.name, person, found.Key),
	})
	if problem, refused := refusal(err); refused {
		return s.tell(ctx, found.Key, "hook/opened", "No access was asked for", problem.Error())
	}
	if err != nil {
		return contract.Delivered{}, err
	}
	return contract.Delivered{
		Said:     person + " asks for " + route.Template + " with " + status.ID,
		Requests: []string{status.ID},
	}, nil
}

// startedBy is true for a request that a ticket has started, by what is sealed of it: where it came from, the ticket by
// a key that it has or had, and the template of the route that it took under that key. A ticket that took none has
// started nothing.
func (s snapshot) startedBy(found ticket.History, asked contract.Request) bool {
	if asked.Source != s.system || !slices.Contains(found.Keys(), asked.Ticket) {
		return false
	}
	route, fits := s.ticketRoute(found, asked.Ticket)
	return fits && asked.Template == route.Template
}

// ticketRoute is the route of a ticket under a key that it has or had.
func (s snapshot) ticketRoute(found ticket.History, key string) (config.Route, bool) {
	project, _, _ := strings.Cut(key, "-")
	for _, route := range s.hook.Routes {
		if route.Project == project && (route.IssueType == "" || route.IssueType == found.Type) &&
			(route.RequestType == "" || route.RequestType == found.RequestType) {
			return route, true
		}
	}
	return config.Route{}, false
}

// moved gives the review of whoever moved a ticket to a status that decides. It counts while the ticket is still there.
func (s snapshot) moved(
	ctx context.Context,
	found ticket.History,
	delivery contract.Delivery,
) (contract.Delivered, error) {
	verdict, decides := s.verdict(found.Ticket)
	if !decides {
		return contract.Delivered{Said: "The ticket " + found.Key + " is where nothing is decided."}, nil
	}
	move, seen := moveOf(found, delivery.Change)
	switch {
	case !seen && time.Since(delivery.At) < seenWithin:
		return contract.Delivered{}, contract.Unavailable("%s does not show yet who has moved %s", s.title, found.Key).
			At("ticket").
			Advise("trying again is safe")
	case !seen:
		return contract.Delivered{}, contract.NotFound("%s does not show who has moved %s", s.title, found.Key).
			At("ticket").
			Advise("decide by hand")
	case !move.Into(found.Ticket):
		return contract.Delivered{Said: "The ticket " + found.Key + " has been moved on."}, nil
	}
	return s.decideByMove(ctx, found, move, verdict)
}

func (s snapshot) verdict(found ticket.Ticket) (contract.Verdict, bool) {
	switch {
	case found.In(s.hook.Decisions.Approve):
		return contract.VerdictApprove, true
	case found.In(s.hook.Decisions.Deny):
		return contract.VerdictDeny, true
	}
	return "", false
}

func moveOf(found ticket.History, change string) (ticket.Move, bool) {
	for _, move := range found.Moves {
		if move.ID == change {
			return move, true
		}
	}
	return ticket.Move{}, false
}

// decideByMove reviews the request that the ticket has started, and no other that names it: whoever moves a ticket has
// that before them.
func (s snapshot) decideByMove(
	ctx context.Context,
	found ticket.History,
	move ticket.Move,
	verdict contract.Verdict,
) (contract.Delivered, error) {
	var open []contract.Status
	for _, key := range found.Keys() {
		named, err := s.starter.OpenRequests(ctx, ledger.Filter{Ticket: key, State: contract.StatePending})
		if err != nil {
			return contract.Delivered{}, err
		}
		open = append(open, named...)
	}
	done := contract.Delivered{Said: "There is nothing to decide about " + found.Key + "."}
	person, known := s.starter.Config().PersonByAccount(s.system, move.By)
	for _, status := range open {
		asked, err := s.starter.Asked(ctx, status.ID)
		if _, refused := refusal(err); refused || err == nil && !s.startedBy(found, asked) {
			continue // no server has sealed it, or something else has started it
		}
		if err != nil {
			return contract.Delivered{}, err
		}
		marker := "hook/moved/" + plain(move.ID, digest([]byte(move.ID)))
		if !known {
			return s.tell(
				ctx,
				found.Key,
				marker,
				"The move decides nothing",
				"Curfew knows nobody with the account of whoever moved the ticket: an administrator can add it to a person's accounts.",
			)
		}
		if err := s.turn(s.name, person, found.Key+"/"+move.ID)(); err != nil {
			return contract.Delivered{}, err
		}
		decided, err := s.review(
			ctx,
			person,
			status.ID,
			starter.ReviewInput{Verdict: verdict, Reason: found.Key + " was moved to " + oneLine(move.To) + "."},
			1,
		)
		if problem, refused := refusal(err); refused {
			return s.tell(ctx, found.Key, marker, "The move decides nothing", problem.Error())
		}
		if err != nil {
			return contract.Delivered{}, err
		}
		done = contract.Delivered{Said: said(person, verdict, decided), Requests: []string{status.ID}}
	}
	return done, nil
}

// tell comments on a ticket once.
func (s snapshot) tell(ctx context.Context, key, marker, headline, why string) (contract.Delivered, error) {
	err := s.Tickets.Comment(ctx, key, story.Entry{Marker: marker, Headline: headline, Lines: []string{oneLine(why)}})
	return contract.Delivered{Said: headline + ": " + why}, err
}
