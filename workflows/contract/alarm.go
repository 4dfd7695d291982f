package contract

import "time"

// AlarmKind is what was found that no request tells of.
type AlarmKind string

// The kinds of alarms.
const (
	AlarmLate                    AlarmKind = "late"                       // the watchdog ended access that was past its end
	AlarmStuck                   AlarmKind = "stuck"                      // a revoke is past its alarm time
	AlarmTakenOver               AlarmKind = "taken-over"                 // somebody took a stuck revoke over, by name
	AlarmDrifted                 AlarmKind = "drifted"                    // live access was removed by somebody else
	AlarmReappeared              AlarmKind = "reappeared"                 // access is there again after its revoke
	AlarmOrphaned                AlarmKind = "orphaned"                   // Curfew's mark is on access that no live grant holds up
	AlarmRemoved                 AlarmKind = "removed"                    // the sweep removed an orphan
	AlarmSweepStopped            AlarmKind = "sweep-stopped"              // there was more to remove than a sweep may
	AlarmGivenOn                 AlarmKind = "given-on"                   // the subject gave on what the access opened, and that stays
	AlarmForged                  AlarmKind = "forged"                     // an input had no valid seal
	AlarmBreakGlassReviewOverdue AlarmKind = "break-glass-review-overdue" // nobody has reviewed break-glass access in time
	AlarmBreakGlassAgain         AlarmKind = "break-glass-again"          // it was used again while an earlier use waits for its review
	AlarmEnded                   AlarmKind = "ended"                      // an operator ended many requests at once
	AlarmFrozen                  AlarmKind = "frozen"                     // an operator froze Curfew: nothing is granted
	AlarmThawed                  AlarmKind = "thawed"                     // and thawed it
	AlarmHook                    AlarmKind = "hook"                       // what a source of webhooks has sent came to nothing
	AlarmNotRecorded             AlarmKind = "not-recorded"               // the ledger refused what a request or a target did
	AlarmLeftOut                 AlarmKind = "left-out"                   // a ticket, an incident or a channel could not take all that it was to be told
)

// AlarmKinds are all of them, in the order in which people are shown them.
func AlarmKinds() []AlarmKind {
	return []AlarmKind{
		AlarmLate, AlarmStuck, AlarmTakenOver, AlarmDrifted, AlarmReappeared, AlarmOrphaned, AlarmRemoved, AlarmSweepStopped,
		AlarmGivenOn, AlarmForged, AlarmBreakGlassReviewOverdue, AlarmBreakGlassAgain, AlarmHook, AlarmNotRecorded, AlarmLeftOut,
		AlarmEnded, AlarmFrozen, AlarmThawed,
	}
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
