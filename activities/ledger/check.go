package ledger

import (
	"fmt"

	"curfew/workflows/contract"
)

// CheckAppend says what is wrong with the arguments of Events.Append. Stores ask before they write anything.
func CheckAppend(events []contract.Event, status contract.Status) error {
	if status.ID == "" {
		return contract.Problemf(contract.KindInvalid, "status.id", "name the request", "the status belongs to no request")
	}
	for i, event := range events {
		field := fmt.Sprintf("events[%d]", i)
		if event.Request != status.ID {
			return contract.Problemf(contract.KindInvalid, field+".request", "append the events of one request at a time",
				"%q is not the request of the status, %q", event.Request, status.ID)
		}
		if event.Seq < 1 {
			return contract.Problemf(contract.KindInvalid, field+".seq", "number the events of a request from 1",
				"%d is no event's number", event.Seq)
		}
	}
	return nil
}

// CheckSame compares an event that is to be appended with the one that the ledger has under the same id. They differ
// when a bug gave one number to two events, or when somebody changed a record: neither may pass in silence.
func CheckSame(told, recorded contract.Event) error {
	if !told.At.Equal(recorded.At) {
		return conflict(told)
	}
	told.At = recorded.At
	if told != recorded {
		return conflict(told)
	}
	return nil
}

func conflict(event contract.Event) error {
	return contract.Problemf(contract.KindConflict, "",
		"compare the ledger with the history of the request's workflow to see which was changed",
		"the ledger has another event under the id %s", event.ID())
}

// Lengths of a page of requests.
const (
	pageDefault = 50
	pageLongest = 500
)

// PageLength is how many statuses a page of the list holds.
func (f Filter) PageLength() (int, error) {
	switch {
	case f.Limit == 0:
		return pageDefault, nil
	case f.Limit < 0 || f.Limit > pageLongest:
		return 0, contract.Problemf(contract.KindInvalid, "limit", fmt.Sprintf("ask for 1 to %d", pageLongest),
			"a page can't hold %d requests", f.Limit)
	}
	return f.Limit, nil
}

// CheckDueLimit says whether Holdings.Due can return that many.
func CheckDueLimit(limit int) error {
	if limit < 1 {
		return contract.Problemf(contract.KindInvalid, "limit", "ask for at least 1", "can't look for %d holdings", limit)
	}
	return nil
}
