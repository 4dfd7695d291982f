package web_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestTheReviewersPageSaysSinceWhenTheSubjectHasHadTheAccess(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	fresh, again := startertest.Status(contract.StatePending), startertest.Status(contract.StatePending)
	since := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	again.ContinuousSince = &since
	d.Record(t, fresh)
	d.Record(t, again)
	carol := d.signedIn(t, "carol")
	require.NotContains(t, carol.get("/requests/"+fresh.ID).text, "without a break")
	shown := carol.get("/requests/" + again.ID).text
	require.Contains(t, shown, "<dt>Had before</dt><dd>without a break since ")
	require.Contains(t, shown, `datetime="2026-03-01T09:00:00Z"`)
}
