package contract

// Provenance shows who said what in a story: every word of a person's in it, sealed. Without it the story is anybody's.
type Provenance struct {
	// Chain is what the access rests on. Before it is decided it has only the request.
	Chain Chain `json:"chain"`
	// Reviews and Extensions are all that were considered, also those that the access does not rest on.
	Reviews      []Sealed[Review]         `json:"reviews,omitempty"`
	Extensions   []Sealed[Extension]      `json:"extensions,omitempty"`
	Ends         []Sealed[End]            `json:"ends,omitempty"`
	TakeOvers    []Sealed[TakeOver]       `json:"takeOvers,omitempty"`
	Certificates []Sealed[CertificateAsk] `json:"certificates,omitempty"`
}

// AlarmInput is the activity "ledger.Alarm": an alarm, and what shows who said what it names somebody for.
type AlarmInput struct {
	Alarm
	Request  Sealed[Request]  `json:"request,omitzero"`
	TakeOver Sealed[TakeOver] `json:"takeOver,omitzero"`
}
