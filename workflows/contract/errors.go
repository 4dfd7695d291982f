package contract

import "unicode/utf8"

// Kind says what an error means to whoever has to act on it. It is the type of the ApplicationErrors that cross
// Temporal.
type Kind string

// The kinds of errors. Invalid to Closed can't be helped by trying again; the others can.
const (
	KindInvalid     Kind = "Invalid"     // the input is wrong: the caller can mend it
	KindForbidden   Kind = "Forbidden"   // this person may not do this
	KindNotFound    Kind = "NotFound"    // there is no such thing
	KindConflict    Kind = "Conflict"    // right once or elsewhere, but not in the present state
	KindDenied      Kind = "Denied"      // the other system refused, and will refuse again
	KindClosed      Kind = "Closed"      // the holding is closed to this attempt: it came too late
	KindOverdue     Kind = "Overdue"     // its time was over before it could be done: it may be asked for anew
	KindCapacity    Kind = "Capacity"    // the other system has no room now
	KindTooMany     Kind = "TooMany"     // somebody asks for more than anybody may: later there is room again
	KindFrozen      Kind = "Frozen"      // an operator has frozen Curfew: nothing is granted until it is thawed
	KindUnavailable Kind = "Unavailable" // the other system can't be reached or failed
	KindInternal    Kind = "Internal"    // our own fault
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{
		KindInvalid,
		KindForbidden,
		KindNotFound,
		KindConflict,
		KindDenied,
		KindClosed,
		KindOverdue,
		KindCapacity,
		KindTooMany,
		KindFrozen,
		KindUnavailable,
		KindInternal,
	}
}

// Final lists the kinds that no retry can help; retry policies name them.
var Final = []string{
	string(
		KindInvalid,
	),
	string(KindForbidden),
	string(KindNotFound),
	string(KindConflict),
	string(KindDenied),
	string(KindClosed),
}

// Answered lists the kinds that answer a hold: the same one is not tried again, but a request may ask for a new one.
var Answered = append([]string{string(KindOverdue), string(KindCapacity), string(KindFrozen)}, Final...)

// Shorten cuts a text to a number of bytes, between runes, so that what is told of a stranger's input stays short.
func Shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}
