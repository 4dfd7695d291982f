package contract

import "go.temporal.io/sdk/temporal"

// Search attributes are never encrypted: they hold opaque ids and states, no names, mails or reasons.
var (
	KeyState    = temporal.NewSearchAttributeKeyKeyword("CurfewState")
	KeyTemplate = temporal.NewSearchAttributeKeyKeyword("CurfewTemplate")
	KeyTarget   = temporal.NewSearchAttributeKeyKeywordList("CurfewTarget")
	KeySubject  = temporal.NewSearchAttributeKeyKeyword("CurfewSubject")
	KeyTicket   = temporal.NewSearchAttributeKeyKeyword("CurfewTicket")
	KeyDeadline = temporal.NewSearchAttributeKeyTime("CurfewDeadline")
	KeyStuck    = temporal.NewSearchAttributeKeyBool("CurfewStuck")
)

// SearchAttribute names one attribute and its type, in the words of `temporal operator search-attribute create`.
type SearchAttribute struct {
	Name string
	Type string
}

// SearchAttributes lists what a namespace needs before Curfew can run in it.
var SearchAttributes = []SearchAttribute{
	{KeyState.GetName(), "Keyword"},
	{KeyTemplate.GetName(), "Keyword"},
	{KeyTarget.GetName(), "KeywordList"},
	{KeySubject.GetName(), "Keyword"},
	{KeyTicket.GetName(), "Keyword"},
	{KeyDeadline.GetName(), "Datetime"},
	{KeyStuck.GetName(), "Bool"},
}
