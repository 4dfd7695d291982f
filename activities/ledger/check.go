package ledger

import (
	"fmt"

	"curfew/workflows/contract"
)

// CheckAppend says what is wrong with the arguments of Events.Append, and returns the status as text. Stores ask before
// they write anything.
func CheckAppend(events []contract.Event, status contract.Status) (text string, err error) {
	if err := checkAppend(events, status); err != nil {
		return "", err
	}
	return EncodeStatus(status)
}

func checkAppend(events []contract.Event, status contract.Status) error {
	if status.ID == "" {
		return contract.Invalid("the status belongs to no request").At("status.id").Advise("name the request")
	}
	for i, event := range events {
		field := fmt.Sprintf("events[%d]", i)
		if event.Request != status.ID {
			return contract.Invalid("%q is not the request of the status, %q", event.Request, status.ID).
				At(field + ".request").
				Advise("append the events of one request at a time")
		}
		if event.Seq < 1 {
			return contract.Invalid("%d is no event's number", event.Seq).
				At(field + ".seq").
				Advise("number the events of a request from 1")
		}
	}
	return nil
}

// CheckSame compares an event that is to be appended with the one that the ledger has under the same id. They differ
// when a bug gave one number to two events, or when somebody changed a record: neither may pass in silence.
func CheckSame(told, recorded contract.Event) error {
	if !told.At.Equal(recorded.At) {
		return Conflict(told.ID())
	}
	told.At = recorded.At
	if told != recorded {
		return Conflict(told.ID())
	}
	return nil
}

// Conflict is the error about an event that differs from the one that the ledger has under the same id.
func Conflict(id string) error {
	return contract.Conflict("the ledger has another event under the id %s", id).
		Advise("compare the ledger with the history of the request's workflow to see which was changed")
}

// Lengths of a page of any list.
const (
	pageDefault = 50
	pageLongest = 500
)

// PageLength is how many statuses a page of the list holds.
func (f Filter) PageLength() (int, error) { return pageLength(f.Limit) }

// PageLength is how many holdings a page holds. It also refuses a filter that names no target.
func (f HeldFilter) PageLength() (int, error) {
	if f.Target == "" {
		return 0, contract.Invalid("holdings are listed for one target at a time").
			At("target").
			Advise("name the target")
	}
	return pageLength(f.Limit)
}

func pageLength(limit int) (int, error) {
	switch {
	case limit == 0:
		return pageDefault, nil
	case limit < 0 || limit > pageLongest:
		return 0, contract.Invalid("a page can't hold %d", limit).
			At("limit").
			Advise(fmt.Sprintf("ask for 1 to %d", pageLongest))
	}
	return limit, nil
}
