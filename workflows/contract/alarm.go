package contract

import "time"

// AlarmKind is what was found that no request tells of.
type AlarmKind string

// The kinds of alarms: AlarmTable says what each means.
const (
	AlarmLate                    AlarmKind = "late"
	AlarmStuck                   AlarmKind = "stuck"
	AlarmTakenOver               AlarmKind = "taken-over"
	AlarmDrifted                 AlarmKind = "drifted"
	AlarmInterrupted             AlarmKind = "interrupted"
	AlarmReappeared              AlarmKind = "reappeared"
	AlarmOrphaned                AlarmKind = "orphaned"
	AlarmRemoved                 AlarmKind = "removed"
	AlarmSweepStopped            AlarmKind = "sweep-stopped"
	AlarmGivenOn                 AlarmKind = "given-on"
	AlarmForged                  AlarmKind = "forged"
	AlarmBreakGlassReviewOverdue AlarmKind = "break-glass-review-overdue"
	AlarmBreakGlassAgain         AlarmKind = "break-glass-again"
	AlarmLeaving                 AlarmKind = "leaving"
	AlarmLeavingStopped          AlarmKind = "leaving-stopped"
	AlarmLeavingConfirmed        AlarmKind = "leaving-confirmed"
	AlarmEnded                   AlarmKind = "ended"
	AlarmFrozen                  AlarmKind = "frozen"
	AlarmThawed                  AlarmKind = "thawed"
	AlarmClockOff                AlarmKind = "clock-off"
	AlarmHook                    AlarmKind = "hook"
	AlarmNotRecorded             AlarmKind = "not-recorded"
	AlarmLeftOut                 AlarmKind = "left-out"
)

// AlarmRow is what everybody has to know of one kind of alarm.
type AlarmRow struct {
	Kind     AlarmKind
	Meaning  string // for the pages, in Markdown
	RaisedBy string
}

// AlarmTable has a row for each kind of alarm, in the order in which people are shown them.
func AlarmTable() []AlarmRow { //nolint:funlen // it is a table
	return []AlarmRow{
		{
			Kind:     AlarmLate,
			Meaning:  "access was past its end and still there, and the watchdog ended it",
			RaisedBy: "the watchdog",
		},
		{
			Kind: AlarmStuck,
			Meaning: "a revoke is past its alarm time; raised again once a day. The request raises it, once, when its " +
				"grant does not answer. Or somebody [retried](stuck.md#find-the-cause) a grant whose workflow " +
				"did not answer",
			RaisedBy: "the grant, the request, the server",
		},
		{
			Kind:     AlarmTakenOver,
			Meaning:  "somebody took a stuck revoke over, with name and reason",
			RaisedBy: "the grant",
		},
		{
			Kind:     AlarmDrifted,
			Meaning:  "somebody else removed live access",
			RaisedBy: "a worker of the target",
		},
		{
			Kind: AlarmInterrupted,
			Meaning: "Curfew itself removed live access at an end that had moved, because its holding could not be " +
				"locked then; Curfew put it back where the text says so",
			RaisedBy: "a worker of the target, the watchdog",
		},
		{
			Kind: AlarmReappeared,
			Meaning: "access that was seen to be gone, or was removed unseen, is there again: [the sweep](#the-sweep) " +
				"found it",
			RaisedBy: "the sweep",
		},
		{
			Kind:     AlarmOrphaned,
			Meaning:  "Curfew's mark is on access that no live grant holds up: [the sweep](#the-sweep) found it",
			RaisedBy: "the sweep",
		},
		{
			Kind:     AlarmRemoved,
			Meaning:  "[the sweep](#the-sweep) removed an orphan",
			RaisedBy: "the sweep",
		},
		{
			Kind:     AlarmSweepStopped,
			Meaning:  "there was more to remove than [a sweep](#the-sweep) may",
			RaisedBy: "the sweep",
		},
		{
			Kind: AlarmGivenOn,
			Meaning: "while the access lasted, its subject gave on what it opens, or created something with it, and " +
				"that stays ([PostgreSQL](targets/postgres.md#least-privileges))",
			RaisedBy: "a worker of the target",
		},
		{
			Kind: AlarmForged,
			Meaning: "a fact has no valid [seal](keys.md), or a workflow has another request's id: somebody wrote to " +
				"Temporal directly, or keys or versions don't match",
			RaisedBy: "whoever refused it: a worker that decides, records or notifies, a worker of the target, the " +
				"request, the grant, the delivery",
		},
		{
			Kind:     AlarmBreakGlassReviewOverdue,
			Meaning:  "nobody has reviewed break-glass access in time; at first raised again once a day",
			RaisedBy: "the request",
		},
		{
			Kind:     AlarmBreakGlassAgain,
			Meaning:  "somebody used break-glass access again while an earlier use of theirs waits for its review",
			RaisedBy: "the worker that decides",
		},
		{
			Kind: AlarmClockOff,
			Meaning: "the clock of a worker or server, which the text names, differs by more than 5 seconds from " +
				"Temporal's or the ledger's: [set it right](run.md#clocks). Until then that process decides and " +
				"grants nothing; ends go on",
			RaisedBy: "the worker, the server",
		},
		{
			Kind:     AlarmHook,
			Meaning:  "a delivery from a [source of webhooks](hooks.md) means nothing, or came to nothing",
			RaisedBy: "the server, the delivery",
		},
		{
			Kind: AlarmNotRecorded,
			Meaning: "the ledger has another event in the place of one of a request's, or a request was to be " +
				"recorded as ended whose access its holding still has: compare the ledger with the request's " +
				"workflow, and see who has written to Temporal",
			RaisedBy: "the request, the worker that records",
		},
		{
			Kind: AlarmLeftOut,
			Meaning: "a ticket, an incident or a channel [could not take](notify.md#what-cant-be-told-is-left-out) " +
				"everything that Curfew had for it, or takes nothing now",
			RaisedBy: "the request",
		},
		{
			Kind: AlarmLeaving,
			Meaning: "somebody with access, or their account, is missed in the configuration; [their access " +
				"ends](leavers.md) after a delay",
			RaisedBy: "the server",
		},
		{
			Kind: AlarmLeavingStopped,
			Meaning: "by the directory of now more people would lose their access than may, so [nothing " +
				"ends](leavers.md#a-mistake-is-no-mass-revocation) until somebody confirms it",
			RaisedBy: "the server",
		},
		{
			Kind:     AlarmLeavingConfirmed,
			Meaning:  "an operator confirmed such a directory",
			RaisedBy: "the server",
		},
		{
			Kind: AlarmEnded,
			Meaning: "an operator ended many requests at once with the [kill switch](end-now.md#the-kill-switch), or " +
				"Curfew ended those of [people who left](leavers.md)",
			RaisedBy: "the server",
		},
		{
			Kind:     AlarmFrozen,
			Meaning:  "an operator [froze](end-now.md#freeze-and-thaw) Curfew: nothing is granted",
			RaisedBy: "the server",
		},
		{
			Kind:     AlarmThawed,
			Meaning:  "an operator [thawed](end-now.md#freeze-and-thaw) it",
			RaisedBy: "the server",
		},
	}
}

// AlarmKinds are all of them.
func AlarmKinds() (kinds []AlarmKind) {
	for _, row := range AlarmTable() {
		kinds = append(kinds, row.Kind)
	}
	return kinds
}

// Alarm is an entry of the journal of what no request tells of. An alarm with the same ID is the same alarm.
type Alarm struct {
	ID       string    `json:"id"`
	Kind     AlarmKind `json:"kind"`
	At       time.Time `json:"at"`
	Target   string    `json:"target,omitempty"`
	Grant    string    `json:"grant,omitempty"`    // the id of the grant
	Requests []string  `json:"requests,omitempty"` // that held it up, as far as is known
	Actor    string    `json:"actor,omitempty"`    // a person's opaque id, or one of the Actor constants
	Text     string    `json:"text"`               // what happened, and what to do
}
