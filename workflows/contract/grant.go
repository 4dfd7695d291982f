package contract

import "time"

// GrantInput starts curfew.Grant, and carries its state from run to run.
type GrantInput struct {
	Access Access     `json:"access"`
	State  GrantState `json:"state"`
}

// GrantState is what a grant knows. It is empty when a grant starts, also when it starts anew after it was
// terminated: then the first activity reads from the holding what was held.
type GrantState struct {
	// Epoch numbers the workflow's runs in time: when the first of a chain of runs started, in nanoseconds.
	Epoch    int64     `json:"epoch,omitempty"`
	Seq      int64     `json:"seq,omitempty"`
	Leases   Leases    `json:"leases,omitempty"`
	Held     time.Time `json:"held,omitzero"` // the end that the target has agreed to; zero when nothing is held
	Standing bool      `json:"standing,omitempty"`
	Identity Identity  `json:"identity,omitzero"` // of what is held
	Gone     Gone      `json:"gone,omitzero"`     // what the holding has not been told of
	Chain    *Chain    `json:"chain,omitempty"`   // that what is held was decided
	Chains   []Chain   `json:"chains,omitempty"`  // those of the leases, as far as they are kept
	Known    Token     `json:"known,omitzero"`    // of the last command that the holding has taken
}

// HoldInput is the updates "hold" and "extend" of a grant, and the activities that send them.
type HoldInput struct {
	Access Access `json:"access"`
	Lease  Lease  `json:"lease"`
	// Chain shows the target's workers that the lease was decided.
	Chain Chain `json:"chain"`
	// Known is what the request knows already of why the access is not there yet.
	Known string `json:"known,omitempty"`
	// Story is put on record before the hold is asked for: both take one round trip. The grant does not get it.
	Story *RecordInput `json:"story,omitempty"`
}

// Split returns what is to be put on record first, and the rest.
func (in HoldInput) Split() (*RecordInput, HoldInput) {
	story := in.Story
	in.Story = nil
	return story, in
}

// HoldResult answers a hold: the access was seen at the target.
type HoldResult struct {
	Request  string    `json:"request"`        // that holds
	Until    time.Time `json:"until"`          // of the lease
	Began    time.Time `json:"began,omitzero"` // when the time began that the decision gives, where one is shown
	Standing bool      `json:"standing,omitempty"`
	// Trying says why the access is not there yet, while the grant goes on trying: the other fields are empty then, and
	// the same hold is to be asked for again.
	Trying string `json:"trying,omitempty"`
	// AnsweredAt is when the grant answered, by Temporal's clock.
	AnsweredAt time.Time `json:"answeredAt,omitzero"`
	// Unrecorded is true when the ledger did not take the story that came with the hold. Nothing was asked for.
	Unrecorded bool `json:"unrecorded,omitempty"`
}

// ReleaseInput is the update "release" of a grant, and the activity that sends it.
type ReleaseInput struct {
	Access  Access `json:"access"`
	Request string `json:"request"`
	// HeldSince is when the request began to hold; zero when its hold was not answered. Access that was seen to be gone
	// after that is gone.
	HeldSince time.Time `json:"heldSince,omitzero"`
	// Again is true when the request will try to hold again. Otherwise it has given the lease up for good.
	Again bool `json:"again,omitempty"`
	// Patient waits for as long as it takes; otherwise the answer may be that the revoke is stuck.
	Patient bool `json:"patient,omitempty"`
	// End says who has ended the request, for the record. A person is named there with their seal.
	End Sealed[End] `json:"end,omitzero"`
}

// ReleaseResult answers a release.
type ReleaseResult struct {
	Request string `json:"request"` // that has released
	// GoneAt is when the access was seen to be gone; zero while it is not.
	GoneAt time.Time `json:"goneAt,omitzero"`
	// Unconfirmed is true when the access was removed at GoneAt and the target shows no proof that it is gone.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
	// HeldUntil is set when another request's lease keeps the access up, and HeldBy is that request: the one that ends
	// last.
	HeldUntil time.Time `json:"heldUntil,omitzero"`
	HeldBy    string    `json:"heldBy,omitempty"`
	Standing  bool      `json:"standing,omitempty"`
	// AlreadyAbsent is true when the access was not there any more when Curfew came to take it away.
	AlreadyAbsent bool   `json:"alreadyAbsent,omitempty"`
	Sessions      int    `json:"sessions,omitempty"`
	Problem       string `json:"problem,omitempty"` // why it is stuck
	// TakenOver says who will see to it that the access goes, and why Curfew does not.
	TakenOver *Sealed[TakeOver] `json:"takenOver,omitempty"`
}

// Over is true when the request holds nothing here any more that Curfew looks after.
func (r ReleaseResult) Over() bool {
	return !r.GoneAt.IsZero() || !r.HeldUntil.IsZero() || r.TakenOver != nil
}

// LookInput is the activity "lease.Look", which reads what has become of a request's accesses. It changes nothing.
type LookInput struct {
	Request   string    `json:"request"`
	HeldSince time.Time `json:"heldSince"` // when the access began
	Accesses  []Access  `json:"accesses"`
}

// LookResult answers it.
type LookResult struct {
	// Results are in the order of the accesses. One that is not over says nothing: its grant is to be asked.
	Results []ReleaseResult `json:"results"`
}

// TakeOverInput is the update "takeOver" of a grant whose revoke is stuck.
type TakeOverInput struct {
	TakeOver Sealed[TakeOver] `json:"takeOver"`
}

// TakeOver is an admin's word that Curfew is to give up, because they answer for the access.
type TakeOver struct {
	Grant  string    `json:"grant"` // the grant's id
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// GrantStatus is what the query "status" and the updates "retry" and "takeOver" of a grant answer.
type GrantStatus struct {
	ID       string    `json:"id"`
	Access   Access    `json:"access"`
	Leases   Leases    `json:"leases,omitempty"`
	Held     time.Time `json:"held,omitzero"` // the end that the target has agreed to
	Standing bool      `json:"standing,omitempty"`
	Stuck    bool      `json:"stuck,omitempty"`
	Since    time.Time `json:"since,omitzero"`     // when its revoke should have been done
	Requests []string  `json:"requests,omitempty"` // that it was held up by, also when they have released it
	Problem  string    `json:"problem,omitempty"`  // why it is stuck
	Trying   string    `json:"trying,omitempty"`   // why access is not given yet, while more attempts are made
	Over     bool      `json:"over,omitempty"`     // nothing is held any more that Curfew looks after
	// Restarted says why a retry had to start the grant's workflow anew; empty when it had not to.
	Restarted string `json:"restarted,omitempty"`
	// Unanswered is why the grant could not be asked; all but its id is empty then.
	Unanswered string `json:"unanswered,omitempty"`
	// Names are what the person is called, by the id. Whoever shows a status fills it in.
	Names map[string]string `json:"names,omitempty"`
}

// Notice is the signal "noticed" of a request.
type Notice struct {
	Kind   EventKind `json:"kind"` // EventCertified, EventDrifted, EventRestored, or EventRevoking when the grant was canceled
	Target string    `json:"target"`
	Detail string    `json:"detail,omitempty"`
	// Ask is what a certificate was handed out for.
	Ask Sealed[CertificateAsk] `json:"ask,omitzero"`
}

// IssueInput is the update "issue" of a grant.
type IssueInput struct {
	Ask Sealed[CertificateAsk] `json:"ask"`
}

// CertificateAsk asks for a certificate that lets the subject use access which is live.
type CertificateAsk struct {
	Request   string    `json:"request"`
	Person    string    `json:"person"` // who asks: the subject alone may
	Target    string    `json:"target"`
	PublicKey string    `json:"publicKey"` // one line, as in an .pub file
	At        time.Time `json:"at"`
}

// IssueCommand is the activity "target.Issue".
type IssueCommand struct {
	Access Access                 `json:"access"`
	Ask    Sealed[CertificateAsk] `json:"ask"`
}

// Certificate answers it, and the update.
type Certificate struct {
	Certificate string    `json:"certificate"` // one line, for an -cert.pub file
	Until       time.Time `json:"until"`       // the end of the access
}

// Token orders everything that is done to one holding, over retries, workers and runs of the grant's workflow. An
// attempt whose token is older than the holding's comes too late.
type Token struct {
	Epoch int64 `json:"epoch"`
	Seq   int64 `json:"seq"`
}

// Before is true when t was handed out before u.
func (t Token) Before(u Token) bool {
	return t.Epoch < u.Epoch || t.Epoch == u.Epoch && t.Seq < u.Seq
}

// Gone are the requests that hold no lease any more, so that none is taken over from what an earlier run has left.
type Gone struct {
	Released []string `json:"released,omitempty"`
	// Over are those of them that will not hold again, which the target's workers put on record.
	Over []string `json:"over,omitempty"`
}

// GrantCommand is the activity "target.Grant": put access on the target, or move its end, and look that it is there.
type GrantCommand struct {
	Access Access    `json:"access"`
	Token  Token     `json:"token"`
	Until  time.Time `json:"until"`
	Leases Leases    `json:"leases"`
	// Chains are those of the leases that are new or longer than the holding knows.
	Chains []Chain `json:"chains,omitempty"`
	Gone
	// Opens allows the holding to be opened. An extension does not: it must not bring back what has ended.
	Opens bool `json:"opens,omitempty"`
	// Known is the token of the last command that the holding has taken. A holding with an older one was lost, with a
	// ledger that was restored, if Held shows that what it held was decided.
	Known Token  `json:"known,omitzero"`
	Held  *Chain `json:"held,omitempty"`
	// Standing and Identity are what the grant knows of what is held.
	Standing bool     `json:"standing,omitempty"`
	Identity Identity `json:"identity,omitzero"`
	// Restates is true when Chains are those of all leases, so that a holding that was lost can be written again.
	Restates bool `json:"restates,omitempty"`
}

// GrantReceipt answers a GrantCommand.
type GrantReceipt struct {
	Until    time.Time `json:"until"`
	Standing bool      `json:"standing,omitempty"`
	Identity Identity  `json:"identity,omitzero"` // of what is held
	// Leases are those of the command and those that an earlier run of the grant had left.
	Leases Leases `json:"leases"`
	// AlreadyThere is true when an earlier attempt, or somebody else, had given the access.
	AlreadyThere bool `json:"alreadyThere,omitempty"`
	// Refused are the requests whose leases nobody vouches for, or only for less; the others are held.
	Refused []Refusal `json:"refused,omitempty"`
	// Began says when the time of the requests began that their decisions give them here.
	Began map[string]time.Time `json:"began,omitempty"`
	// Owed are the requests whose end the ledger has not taken: the grant has to see to it that it does.
	Owed []string `json:"owed,omitempty"`
	// Lost is true when the holding was lost and the command does not restate it: nothing was done.
	Lost bool `json:"lost,omitempty"`
}

// Refusal says why a request's lease was not taken.
type Refusal struct {
	Request string  `json:"request"`
	Problem Problem `json:"problem"`
}

// EndCommand is the activity "target.End": wait for the instant, take the access away and see that it is gone.
type EndCommand struct {
	Access Access    `json:"access"`
	Token  Token     `json:"token"`
	Until  time.Time `json:"until"`
	// Leases are what the grant still knows of; an earlier run may have left others, but not the released one.
	Leases Leases `json:"leases,omitempty"`
	Gone
	// KeepSessions leaves the subject's sessions alone, where the holding's leases ask for that too.
	KeepSessions bool `json:"keepSessions,omitempty"`
	// Mine is true when the grant knows that it put the access there, and that it was not standing. It decides when the
	// holding can't be read.
	Mine bool `json:"mine,omitempty"`
	// Identity is what the grant knows of it when the holding can't be read.
	Identity Identity `json:"identity,omitzero"`
	// Chain shows that the access was decided, where the ledger knows nothing of it.
	Chain *Chain `json:"chain,omitempty"`
}

// EndReceipt answers an EndCommand. Exactly one of GoneAt, Until, Again, Unlocked and Overtaken is set.
type EndReceipt struct {
	GoneAt time.Time `json:"goneAt,omitzero"`
	// Unconfirmed is true when the access was removed at GoneAt and the target shows no proof that it is gone.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
	// Until is set when the holding's end has moved: nothing was done.
	Until  time.Time `json:"until,omitzero"`
	Leases Leases    `json:"leases,omitempty"`
	// Again is set when an earlier grant attempt could still land: the access is gone, look once more then.
	Again time.Time `json:"again,omitzero"`
	// Unlocked says why nobody had the holding's lock: the access was taken away and not seen there any more, and
	// whoever has the lock must look whether it stayed so.
	Unlocked string `json:"unlocked,omitempty"`
	// Overtaken is the token of a newer command: nothing was done.
	Overtaken     Token `json:"overtaken,omitzero"`
	Standing      bool  `json:"standing,omitempty"`
	AlreadyAbsent bool  `json:"alreadyAbsent,omitempty"` // it was not there any more
	Sessions      int   `json:"sessions,omitempty"`
	// TakenOver is set when somebody has answered for the access before: it may still be there.
	TakenOver *Sealed[TakeOver] `json:"takenOver,omitempty"`
	// Owed are the requests whose end the ledger has not taken: the grant has to see to it that it does.
	Owed []string `json:"owed,omitempty"`
}

// DetectDriftCommand is the activity "target.DetectDrift": see whether live access is there.
type DetectDriftCommand struct {
	Access   Access   `json:"access"`
	Leases   Leases   `json:"leases"`
	Identity Identity `json:"identity,omitzero"`
	// Known is true when it was told already that the access is not there.
	Known bool `json:"known,omitempty"`
}

// DetectDriftReceipt answers a DetectDriftCommand. Access that nobody can see counts as held.
type DetectDriftReceipt struct {
	// Held is true when the access is there, and when it has ended meanwhile: nobody else has taken it away.
	Held bool `json:"held"`
}

// TakeOverCommand is the activity "target.TakeOver": close the holding of access that a person has taken over, so that
// nothing of Curfew touches it any more.
type TakeOverCommand struct {
	Access   Access           `json:"access"`
	Token    Token            `json:"token"`
	TakeOver Sealed[TakeOver] `json:"takeOver"`
}
