package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestThePageSaysWhichEventsTheAuditLogLacks(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	carol := d.signedIn(t, "carol")
	record := func(seqs ...int) string {
		status := startertest.Status(contract.StatePending)
		var events []contract.Event
		for _, seq := range seqs {
			events = append(events, contract.Event{Seq: seq, Kind: contract.EventReviewed, Actor: "dave"})
		}
		status.Seq = seqs[len(seqs)-1]
		d.Record(t, status, events...)
		return carol.get("/requests/" + status.ID).text
	}
	require.NotContains(t, record(1, 2), "The audit log lacks")
	require.Contains(t, record(1, 5), "The audit log lacks the events 2 to 4")
}
