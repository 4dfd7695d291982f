package contract

// Written answers the activities that write a request's events to a place. Its zero value says that all of them are
// written.
type Written struct {
	// Rest is how many of the events, at the end, are not written yet.
	Rest    int       `json:"rest,omitempty"`
	LeftOut []LeftOut `json:"leftOut,omitempty"`
	// Blocked says why the place takes none of the rest now, although it answers.
	Blocked string `json:"blocked,omitempty"`
}

// LeftOut is what a place could not take of an event.
type LeftOut struct {
	Seq    int    `json:"seq,omitempty"`    // the event's number; 0 when it is about none in particular
	Person string `json:"person,omitempty"` // who was not reached; empty when it is about everybody
	What   string `json:"what"`             // that is missing at the place, in words
	Why    string `json:"why"`              // in the place's words, which are not to be trusted
}
