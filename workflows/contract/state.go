package contract

// State is where a request is in its life.
type State string

// The states of a request: StateTable says what each means.
const (
	StatePending   State = "pending"
	StateScheduled State = "scheduled"
	StateGranting  State = "granting"
	StateActive    State = "active"
	StateRevoking  State = "revoking"
	StateEnded     State = "ended"
)

// StateRow is what everybody has to know of one state.
type StateRow struct {
	State State
	// Headline is where a request in it stands, when no fact changes that; empty when that always depends on facts.
	Headline string
	Brief    string // the same in few words; the outcome's when it has ended
	Meaning  string // for the pages, in Markdown
}

// StateTable has a row for each state, in the order in which a request passes them.
func StateTable() []StateRow {
	return []StateRow{
		{
			State:    StatePending,
			Headline: "Waiting for a decision: {approvals}.",
			Brief:    "pending",
			Meaning:  "the request waits for reviews, until `decideBy`",
		},
		{
			State:    StateScheduled,
			Headline: "Approved. The access begins later, at {start}.",
			Brief:    "scheduled for {start}",
			Meaning:  "it is approved, and waits for its start. Then the policy decides again",
		},
		{
			State:    StateGranting,
			Headline: "Approved. The access is being granted.",
			Brief:    "granting",
			Meaning: "it is approved, and Curfew grants the access on every target. The ledger has recorded the " +
				"approval before that. While a target is full or down Curfew retries, for as long as the " +
				"template lets a request wait for reviews (`pending`), and the request says why (`why`) from the " +
				"first attempt on",
		},
		{
			State:    StateActive,
			Headline: "The access is active.",
			Brief:    "active until {until}",
			Meaning:  "the subject has the access, until `until`",
		},
		{
			State:    StateRevoking,
			Headline: "The access is being revoked.",
			Brief:    "revoking",
			Meaning: "Curfew revokes the access early, or could not revoke it at once. A request that passes its " +
				"deadline without trouble goes from active to ended directly. A request that is *stuck* is in " +
				"this state: see [stuck.md](stuck.md)",
		},
		{
			State:   StateEnded,
			Meaning: "over. The outcome says how",
		},
	}
}

// States are all of them.
func States() (states []State) {
	for _, row := range StateTable() {
		states = append(states, row.State)
	}
	return states
}

// OpenStates are those of requests that have not ended.
func OpenStates() (states []State) {
	for _, state := range States() {
		if state != StateEnded {
			states = append(states, state)
		}
	}
	return states
}

// Outcome is how an ended request ended.
type Outcome string

// The outcomes of a request: OutcomeTable says what each means.
const (
	OutcomeDenied      Outcome = "denied"
	OutcomeWithdrawn   Outcome = "withdrawn"
	OutcomeLapsed      Outcome = "lapsed"
	OutcomeFailed      Outcome = "failed"
	OutcomeExpired     Outcome = "expired"
	OutcomeRevoked     Outcome = "revoked"
	OutcomeTakenOver   Outcome = "taken-over"
	OutcomeUnconfirmed Outcome = "unconfirmed"
)

// OutcomeRow is what everybody has to know of one outcome.
type OutcomeRow struct {
	Outcome Outcome
	// Headline is where such a request stands, when no fact changes that; empty when that always depends on facts.
	Headline string
	Brief    string // the same in few words
	Meaning  string // what became of the access; for the pages, in Markdown
}

// OutcomeTable has a row for each outcome.
func OutcomeTable() []OutcomeRow {
	return []OutcomeRow{
		{
			Outcome: OutcomeDenied,
			Brief:   "denied",
			Meaning: "was never granted: the policy or a reviewer said no",
		},
		{
			Outcome: OutcomeWithdrawn,
			Brief:   "withdrawn",
			Meaning: "was never granted: the requester took the request back",
		},
		{
			Outcome: OutcomeLapsed,
			Brief:   "lapsed",
			Meaning: "was never granted: nobody decided in time",
		},
		{
			Outcome: OutcomeFailed,
			Brief:   "failed",
			Meaning: "could not be granted on every target; Curfew revoked what it had granted on some of them",
		},
		{
			Outcome:  OutcomeExpired,
			Headline: "The time of this request is over.",
			Brief:    "expired",
			Meaning:  "lasted until its deadline, and was then seen to be gone",
		},
		{
			Outcome:  OutcomeRevoked,
			Headline: "This request has ended early.",
			Brief:    "revoked",
			Meaning: "was ended by somebody before its deadline, or while it was being granted, and was seen to be " +
				"gone",
		},
		{
			Outcome:  OutcomeTakenOver,
			Headline: "Curfew could not revoke the access; somebody has taken it over.",
			Brief:    "taken-over",
			Meaning:  "could not be revoked and **may still be there**: the admin who is named answers for it",
		},
		{
			Outcome:  OutcomeUnconfirmed,
			Headline: "This request has ended. Curfew can't confirm that the access is gone.",
			Brief:    "removed, can't be confirmed",
			Meaning: "was removed, and **Curfew can't confirm that it is gone**: the target shows no proof, which the " +
				"template accepts with `readBack: none`. `goneAt` and `removedAt` say for each entitlement " +
				"whether Curfew saw it go",
		},
	}
}

// Outcomes are all of them.
func Outcomes() (outcomes []Outcome) {
	for _, row := range OutcomeTable() {
		outcomes = append(outcomes, row.Outcome)
	}
	return outcomes
}
