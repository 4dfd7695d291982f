package request

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"curfew/workflows/contract"
)

// next is what may follow in a request's life, as the documents say it: the model's own word, beside the product's
// table of transitions.
var next = map[contract.EventKind][]contract.EventKind{
	"": {contract.EventRequested},
	contract.EventRequested: {
		contract.EventApproved, contract.EventScheduled, contract.EventDenied, contract.EventWithdrawn,
		contract.EventLapsed, contract.EventFailed,
	},
	contract.EventScheduled: {
		contract.EventApproved,
		contract.EventDenied,
		contract.EventWithdrawn,
		contract.EventLapsed,
		contract.EventFailed,
	},
	contract.EventApproved: {
		contract.EventGranted, contract.EventRevoking, contract.EventFailed, contract.EventTakenOver,
		contract.EventUnconfirmed,
	},
	contract.EventGranted: {
		contract.EventRevoking, contract.EventExpired, contract.EventTakenOver, contract.EventUnconfirmed,
	},
	contract.EventRevoking: {
		contract.EventRevoked, contract.EventExpired, contract.EventFailed, contract.EventTakenOver,
		contract.EventUnconfirmed,
	},
}

// ends are the events that conclude a request, and the outcome that each gives it.
var ends = map[contract.EventKind]contract.Outcome{
	contract.EventDenied: contract.OutcomeDenied, contract.EventWithdrawn: contract.OutcomeWithdrawn,
	contract.EventLapsed: contract.OutcomeLapsed, contract.EventFailed: contract.OutcomeFailed,
	contract.EventExpired: contract.OutcomeExpired, contract.EventRevoked: contract.OutcomeRevoked,
	contract.EventTakenOver: contract.OutcomeTakenOver, contract.EventUnconfirmed: contract.OutcomeUnconfirmed,
}

// whileLive are the events that say something of live access, and so belong between its grant and its end.
var whileLive = []contract.EventKind{
	contract.EventExtended, contract.EventExtensionAsked, contract.EventDrifted, contract.EventRestored,
	contract.EventCertified, contract.EventEnding,
}

// elsewhere are the events that a ticket does not show.
var elsewhere = []contract.EventKind{
	contract.EventReviewAsked, contract.EventReminded, contract.EventEnding, contract.EventTicketOpened,
	contract.EventTicketAbandoned, contract.EventIncidentAbandoned, contract.EventChannelAbandoned,
}

// record is a ledger: it takes an event once, never another with its number, and asks for what it has lost.
func (s *surroundings) record(ctx context.Context, in contract.RecordInput) (contract.RecordResult, error) {
	return act(ctx, s, &s.script.Ledger, func(what string) (contract.RecordResult, error) {
		for _, event := range in.Events {
			if made, known := s.made[event.Seq]; known && !reflect.DeepEqual(made, event) {
				s.fault("the event %d was %s, and is %s", event.Seq, made.Kind, event.Kind)
			}
			s.made[event.Seq] = event
		}
		if what == "restored" && !(ctx.Value(partly{}) != nil && s.concluded()) { // from a copy of long before
			for seq := range s.recorded {
				if seq > 1 {
					delete(s.recorded, seq)
				}
			}
		}
		for seq := 1; seq < in.Events[0].Seq; seq++ {
			if _, known := s.recorded[seq]; !known && !slices.Contains(in.Refused, seq) {
				return contract.RecordResult{Missing: seq}, nil
			}
		}
		for i, event := range in.Events {
			if event.Kind == s.script.Refuses {
				if i == len(in.Events)-1 { // alone, or after what the ledger has lost
					s.refused[event.Seq] = true
				}
				return contract.RecordResult{}, contract.Conflict("no").Answer()
			}
		}
		for _, event := range in.Events {
			s.checkConcluded(event)
			s.recorded[event.Seq] = event
		}
		return contract.RecordResult{}, nil
	})
}

func (s *surroundings) alarm(ctx context.Context, in contract.AlarmInput) error {
	_, err := act(ctx, s, &s.script.Rest, func(string) (struct{}, error) {
		s.alarms = append(s.alarms, in)
		return struct{}{}, nil
	})
	return err
}

func (s *surroundings) comment(ctx context.Context, in contract.CommentInput) (contract.Written, error) {
	return s.write(ctx, "ticket", in.Events)
}

func (s *surroundings) notify(ctx context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
	written, err := s.write(ctx, in.Channel, in.Events)
	return contract.NotifyResult{Written: written}, err
}

// write is a place that tells by an event's marker whether it has it already.
func (s *surroundings) write(ctx context.Context, place string, events []contract.Event) (contract.Written, error) {
	return act(ctx, s, &s.script.Places, func(what string) (contract.Written, error) {
		switch what {
		case "denied":
			return contract.Written{}, contract.Denied("no").Application()
		case "blocked":
			return contract.Written{Rest: len(events), Blocked: "it is read-only"}, nil
		}
		for _, event := range events {
			there := s.places[place]
			switch {
			case slices.Contains(there, event.Seq):
			case len(there) > 0 && event.Seq < there[len(there)-1]:
				s.fault("%s has the event %d after %d", place, event.Seq, there[len(there)-1])
			default:
				s.places[place] = append(there, event.Seq)
			}
		}
		return contract.Written{}, nil
	})
}

func (s *surroundings) postReview(ctx context.Context, in contract.PostReviewInput) error {
	_, err := act(ctx, s, &s.script.Rest, func(what string) (struct{}, error) {
		if what == "forbidden" {
			return struct{}{}, contract.Forbidden("no").Application()
		}
		s.counted[in.Review.Fact.Reviewer] = true
		return struct{}{}, nil
	})
	return err
}

func (s *surroundings) evidence(ctx context.Context, _ contract.EvidenceInput) (contract.EvidenceResult, error) {
	return act(ctx, s, &s.script.Rest, func(what string) (contract.EvidenceResult, error) {
		return contract.EvidenceResult{Over: what == "over", By: contract.ActorTicket, Why: "it is closed"}, nil
	})
}

func (s *surroundings) openTicket(ctx context.Context, _ contract.OpenTicketInput) (contract.OpenTicketResult, error) {
	return act(ctx, s, &s.script.Rest, func(string) (contract.OpenTicketResult, error) {
		return contract.OpenTicketResult{Ticket: "OPS-99"}, nil
	})
}

// atOnce is how long what must happen at once may take in a request: less than any of its waits, and more than the
// environment's clock goes on by itself on a busy machine.
const atOnce = 3 * time.Minute

// owe notes that somebody has ended the request: it is to have acted on that soon.
func (s *surroundings) owe(before contract.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.obeyBy.IsZero() && before.State != "" && before.State != contract.StateEnded {
		s.obeyBy = s.env.Now().Add(atOnce)
	}
}

// checkReviews is P6: nobody decides about what they asked for, strangers decide nothing, and everybody counts once.
func (s *surroundings) checkReviews(reviews []contract.Sealed[contract.Review]) {
	var seen []string
	for _, review := range reviews {
		by := review.Fact.Reviewer
		if by == "alice" || by == "mallory" || slices.Contains(seen, by) {
			s.fault("the policy is shown a review of %s, beside those of %v", by, seen)
		}
		seen = append(seen, by)
	}
}

// checkDecided is P1: a target is asked for nothing before the policy has granted it, and the ledger knows.
func (s *surroundings) checkDecided(in contract.HoldInput) {
	fact := in.Chain.Decision.Fact
	given, known := s.given[fact.RequestDigest]
	if !known || !reflect.DeepEqual(given, fact) {
		s.fault("%s is asked for without a decision: %+v", in.Access.Target, fact)
	}
	approved := slices.ContainsFunc(s.story(), func(event contract.Event) bool {
		return event.Kind == contract.EventApproved && !s.refused[event.Seq]
	})
	if !approved {
		s.fault("%s is asked for before the ledger knows of an approval", in.Access.Target)
	}
}

// checkConcluded is P3: an end is recorded when nothing is left, and access when it is there.
func (s *surroundings) checkConcluded(event contract.Event) {
	if _, ended := ends[event.Kind]; ended {
		for target, held := range s.leases {
			if held.until.After(event.At) {
				s.fault("%s is recorded, and %s holds until %s", event.Kind, target, held.until)
			}
		}
	}
}

// concluded is true when the request has made its last event: what it has given up may record something still, and
// nobody but a sweep would write a restored ledger again.
func (s *surroundings) concluded() bool {
	for _, event := range s.made {
		if _, ended := ends[event.Kind]; ended {
			return true
		}
	}
	return false
}

// story is what the request has made, in order.
func (s *surroundings) story() (events []contract.Event) {
	for seq := 1; seq <= len(s.made); seq++ {
		events = append(events, s.made[seq])
	}
	return events
}

// checkStory is P8: everything is in the ledger, in the order of the life of a request, and places have it too.
func (s *surroundings) checkStory(status contract.Status) {
	if len(s.made) != status.Seq {
		s.fault("%d events are made, and the ledger was asked to take %d", status.Seq, len(s.made))
	}
	state, before := contract.EventKind(""), time.Time{}
	for _, event := range s.story() {
		_, recorded := s.recorded[event.Seq]
		switch {
		case s.refused[event.Seq] && !slices.ContainsFunc(s.alarms, func(a contract.AlarmInput) bool {
			return a.Kind == contract.AlarmNotRecorded && strings.Contains(a.Text, event.ID()+" ")
		}):
			s.fault("nobody hears that the ledger has refused %s", event.Kind)
		case !s.refused[event.Seq] && !recorded:
			s.fault("%s is not in the ledger", event.Kind)
		case event.At.Before(before):
			s.fault("%s is dated before what came before it", event.Kind)
		case slices.Contains(whileLive, event.Kind) && state != contract.EventGranted:
			s.fault("%s comes after %s", event.Kind, state)
		}
		before = event.At
		if _, ended := ends[event.Kind]; ended || next[event.Kind] != nil {
			if !slices.Contains(next[state], event.Kind) {
				s.fault("%s follows %s", event.Kind, state)
			}
			state = event.Kind
		}
	}
	if status.State != contract.StateEnded || ends[state] == "" || status.Outcome != ends[state] {
		s.fault("the last event is %s, and the request is %s (%s)", state, status.State, status.Outcome)
	}
	s.checkPlaces()
}

// checkPlaces wants everything of a place that refused nothing.
func (s *surroundings) checkPlaces() {
	if s.refusing {
		return
	}
	for _, event := range s.story() {
		if !slices.Contains(elsewhere, event.Kind) && s.places["ticket"] != nil &&
			!slices.Contains(s.places["ticket"], event.Seq) {
			s.fault("the ticket lacks %s", event.Kind)
		}
		if s.script.Channels && !strings.HasSuffix(string(event.Kind), "abandoned") &&
			event.Kind != contract.EventTicketOpened && !slices.Contains(s.places["chat"], event.Seq) {
			s.fault("the channel lacks %s", event.Kind)
		}
	}
}

// checkEnd is P2 and P3: it ends when it should, as it was decided, and leaves nothing behind.
func (s *surroundings) checkEnd(status contract.Status) {
	if status.Stuck {
		s.fault("it has ended, and is stuck")
	}
	for target, held := range s.leases {
		s.fault("%s holds until %s", target, held.until)
	}
	if taken := s.answers["taken over"]; taken != (status.Outcome == contract.OutcomeTakenOver) {
		s.fault("somebody answers for it (%t), and it is %s", taken, status.Outcome)
	}
	if unsure := s.answers["unconfirmed"] &&
		!s.answers["taken over"]; unsure != (status.Outcome == contract.OutcomeUnconfirmed) {
		s.fault("it can't be seen to be gone (%t), and it is %s", unsure, status.Outcome)
	}
	if status.Outcome == contract.OutcomeExpired && status.EndedAt.Before(*status.Until) {
		s.fault("it has expired before its deadline")
	}
	acted := func(by time.Time) bool {
		all := len(s.released) == len(status.Holds)
		for _, at := range s.released {
			all = all && !at.After(by)
		}
		return all || !status.EndedAt.After(by)
	}
	if !s.obeyBy.IsZero() && !acted(s.obeyBy) {
		s.fault("somebody ended it by %s, and it was released at %v", s.obeyBy, s.released)
	}
	if status.GrantedAt == nil {
		return
	}
	if lasts := status.Until.Sub(*status.GrantedAt); lasts > status.MaxDuration.Duration {
		s.fault("it lasts %s, and at most %s are allowed", lasts, status.MaxDuration)
	}
	if !acted(status.Until.Add(atOnce)) {
		s.fault("its deadline is %s, and it was released at %v", status.Until, s.released)
	}
}

// checkAnswers wants each update that was accepted to be answered, by what has become of it.
func (s *surroundings) checkAnswers() {
	extended, applied := 0, 0
	for _, event := range s.made {
		if event.Kind == contract.EventExtended {
			applied++
		}
	}
	for _, u := range s.sent {
		switch {
		case u.accepted && !u.answered:
			s.fault("%+v was accepted and never answered", u.what)
		case !u.accepted || u.err != nil:
		case u.what.What == "revoke" && u.by.Sub(u.at) > atOnce:
			s.fault("a revoke was answered after %s", u.by.Sub(u.at))
		case u.what.What == "review" && !s.counted[u.what.By]:
			s.fault("the review of %s was answered, and counted nowhere", u.what.By)
		case u.what.What == "extend":
			extended++
		}
	}
	if !s.script.ReviewExtensions && extended > applied {
		s.fault("%d extensions were confirmed, and %d applied", extended, applied)
	}
}
