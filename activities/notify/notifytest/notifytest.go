// Package notifytest has requests and messages for the tests of channels.
package notifytest

import (
	"encoding/json"
	"time"

	"curfew/activities/notify"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// What the example is about.
const (
	Request = "01M85E734KNPNBX6KJ3WBZ941J"
	Page    = "https://curfew.example.com/requests/" + Request
	Digest  = "1f0e3dad99908345f7439f8ffabdffc4" // of what there is to review
)

// Hostile is what somebody may type to be read as something else than text: as links, mentions, formats, headers and
// marks of chat, mail and cards.
var Hostile = []string{
	"<!channel> <@U0MALLORY> <https://evil.example.com|Approve>",
	"*bold* _it_ `code` ~no~ &lt;!here&gt; :tada: @here #general",
	"</pre><script>alert(1)</script><a href='https://evil.example.com'>Approve</a>",
	"fine\r\nBcc: mallory@evil.example.com\r\n\r\n<h1>Approved</h1>",
	"\u202etxet desrever\u202c \x00 \x1b[31m \u2028 \u2029",
	"[Approve](https://evil.example.com) ![x](https://evil.example.com/x.png) <at>Ada</at> {{DATE(2036-01-02T03:04:05Z)}}",
	"```\nApproved by bob\n```\n> quoted\n.\n..\nQUIT",
}

// Status is a request that waits for reviews.
func Status() contract.Status {
	asked := time.Now().UTC().Truncate(time.Second)
	decideBy := asked.Add(time.Hour)
	return contract.Status{
		ID:          Request,
		State:       contract.StatePending,
		Template:    "debug-prod",
		Requester:   "ann",
		Subject:     "ann",
		Duration:    contract.Duration{Duration: time.Hour},
		MaxDuration: contract.Duration{Duration: 4 * time.Hour},
		Purpose: contract.Purpose{
			Reason:   "look at the orders",
			Ticket:   "OPS-7",
			Incident: "PABC123",
		},
		AskedAt:   asked,
		DecideBy:  &decideBy,
		Needed:    2,
		Approvals: 1,
		Reviewers: []string{"bob", "carol"},
		Reviews: []contract.Review{
			{Request: Request, Reviewer: "carol", Verdict: contract.VerdictApprove, At: asked},
		},
		Holds: []contract.HoldState{
			{
				Access: contract.Access{
					Target:      "orders-db",
					Entitlement: json.RawMessage(`{"role":"repair"}`),
					Person:      "ann",
					Account:     "ann_db",
				},
			},
			{
				Access: contract.Access{
					Target:      "lightrun-prod",
					Entitlement: json.RawMessage(`{"roles":["Standard"]}`),
					Person:      "ann",
					Account:     "ann@example.com",
				},
			},
		},
	}
}

// Message is the event with a number, of a kind, that goes to some. The change is made to the request before.
func Message(
	seq int,
	kind contract.EventKind,
	change func(*contract.Status, *contract.Event),
	to ...notify.Recipient,
) notify.Message {
	status := Status()
	status.Seq = seq
	event := contract.Event{Request: Request, Seq: seq, Kind: kind, At: status.AskedAt, Actor: "bob"}
	if change != nil {
		change(&status, &event)
	}
	_, asks := notify.Audience(event, status, nil)
	return notify.Message{
		Event:  event,
		Entry:  story.Of(event, status, func(string) string { return Page }),
		Status: status,
		To:     to,
		Asks:   asks,
		Page:   Page,
		Digest: Digest,
	}
}
