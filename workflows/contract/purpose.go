package contract

import "strings"

// Purpose is what a request is for, in the words of whoever asks. Everything that carries a request embeds it, and
// everything that reads, shows or describes its fields goes by PurposeFields.
type Purpose struct {
	Reason   string `json:"reason"`
	Ticket   string `json:"ticket,omitempty"`
	Zephyr   string `json:"zephyr,omitempty"` // the test cycle or execution that the ticket was named by, if not itself
	Incident string `json:"incident,omitempty"`
}

// The fields with rules of their own, by name.
const (
	FieldReason   = "reason"
	FieldTicket   = "ticket"
	FieldZephyr   = "zephyr"
	FieldIncident = "incident"
)

// MaxReason bounds what a person types to explain something, in bytes.
const MaxReason = 4096

// PurposeField is one field of a purpose, as people and programs meet it.
type PurposeField struct {
	Name    string // in JSON, in problems and in forms
	Label   string // in texts and beside a form's field
	Flag    string // of the command
	Help    string // of the flag, with the kind of its value between backquotes
	Hint    string // below a form's field
	Meaning string // in the description of the API
	Example string
	Bound   int // in bytes
	// Prose is text of several lines. Every other field is a short fact on one line.
	Prose bool
	// Capitals is true of a key that is written in capital letters.
	Capitals bool

	in func(*Purpose) *string
}

// PurposeFields are all of them, in the order in which people are shown them.
func PurposeFields() []PurposeField {
	return []PurposeField{
		{
			Name: FieldReason, Label: "Reason", Flag: "reason", Help: "what you need the access for, as `text`",
			Hint:    "What you need the access for. Reviewers decide by this.",
			Meaning: "What it is for, as the requester typed it: show it as text, never as markup",
			Bound:   MaxReason, Prose: true, in: func(p *Purpose) *string { return &p.Reason },
		},
		{
			Name: FieldTicket, Label: "Ticket", Flag: "ticket", Help: "`key` of the ticket that the access is for",
			Meaning: "The ticket that it is for; the template says whether one is needed",
			Example: "OPS-7", Bound: 64, Capitals: true, in: func(p *Purpose) *string { return &p.Ticket },
		},
		{
			Name: FieldZephyr, Label: "Zephyr test", Flag: "zephyr",
			Help:    "`key` of the Zephyr test cycle or execution that the access is for, instead of a ticket",
			Hint:    "The key of a test cycle or execution.",
			Meaning: "The Zephyr test cycle or execution that it is for: the one ticket that it is linked to counts",
			Example: "OPS-R12", Bound: 64, Capitals: true, in: func(p *Purpose) *string { return &p.Zephyr },
		},
		{
			Name:    FieldIncident,
			Label:   "Incident",
			Flag:    "incident",
			Help:    "`id` of the incident that the access is for",
			Hint:    "Its id or its link.",
			Meaning: "The incident that it is for, by id or link",
			Bound:   128,
			in:      func(p *Purpose) *string { return &p.Incident },
		},
	}
}

// In is where a purpose has the field.
func (f PurposeField) In(p *Purpose) *string { return f.in(p) }

// Fact is a field that a purpose has, and what it says there.
type Fact struct {
	PurposeField
	Value string
}

// Facts are the short facts that a purpose has. They are untrusted, as everything that people typed.
func (p Purpose) Facts() (facts []Fact) {
	for _, field := range PurposeFields() {
		if value := *field.In(&p); value != "" && !field.Prose {
			facts = append(facts, Fact{field, value})
		}
	}
	return facts
}

// Prose is the longer text that a purpose has.
func (p Purpose) Prose() (facts []Fact) {
	for _, field := range PurposeFields() {
		if value := *field.In(&p); value != "" && field.Prose {
			facts = append(facts, Fact{field, value})
		}
	}
	return facts
}

// Lines are the short facts as the story tells them, one a line.
func (p Purpose) Lines() string {
	var lines []string
	for _, fact := range p.Facts() {
		lines = append(lines, fact.Label+": "+fact.Value)
	}
	return strings.Join(lines, "\n")
}
