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
	AlarmInterrupted             AlarmKind = "interrupted"                // Curfew itself removed live access, whose end had moved
	AlarmReappeared              AlarmKind = "reappeared"                 // access is there again after its revoke
	AlarmOrphaned                AlarmKind = "orphaned"                   // Curfew's mark is on access that no live grant holds up
	AlarmRemoved                 AlarmKind = "removed"                    // the sweep removed an orphan
	AlarmSweepStopped            AlarmKind = "sweep-stopped"              // there was more to remove than a sweep may
	AlarmGivenOn                 AlarmKind = "given-on"                   // the subject gave on what the access opened, and that stays
	AlarmForged                  AlarmKind = "forged"                     // an input had no valid seal
	AlarmBreakGlassReviewOverdue AlarmKind = "break-glass-review-overdue" // nobody has reviewed break-glass access in time
	AlarmBreakGlassAgain         AlarmKind = "break-glass-again"          // it was used again while an earlier use waits for its review
	AlarmLeaving                 AlarmKind = "leaving"                    // somebody with access, or their account, is missed in the directory
	AlarmLeavingStopped          AlarmKind = "leaving-stopped"            // more people would lose their access by it than may
	AlarmLeavingConfirmed        AlarmKind = "leaving-confirmed"          // an operator confirmed the directory
	AlarmEnded                   AlarmKind = "ended"                      // an operator ended many requests at once
	AlarmFrozen                  AlarmKind = "frozen"                     // an operator froze Curfew: nothing is granted
	AlarmThawed                  AlarmKind = "thawed"                     // and thawed it
	AlarmClockOff                AlarmKind = "clock-off"                  // the clock of a worker or server differs from Temporal's or the ledger's
	AlarmHook                    AlarmKind = "hook"                       // what a source of webhooks has sent came to nothing
	AlarmNotRecorded             AlarmKind = "not-recorded"               // the ledger refused what a request or a target did
	AlarmLeftOut                 AlarmKind = "left-out"                   // a ticket, an incident or a channel could not take all that it was to be told
)

// AlarmKinds are all of them, in the order in which people are shown them.
func AlarmKinds() []AlarmKind {
	return []AlarmKind{
		AlarmLate,
		AlarmStuck,
		AlarmTakenOver,
		AlarmDrifted,
		AlarmInterrupted,
		AlarmReappeared,
		AlarmOrphaned,
		AlarmRemoved,
		AlarmSweepStopped,
		AlarmGivenOn,
		AlarmForged,
		AlarmBreakGlassReviewOverdue,
		AlarmBreakGlassAgain,
		AlarmClockOff,
		AlarmHook,
		AlarmNotRecorded,
		AlarmLeftOut,
		AlarmLeaving,
		AlarmLeavingStopped,
		AlarmLeavingConfirmed,
		AlarmEnded,
		AlarmFrozen,
		AlarmThawed,
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
