package activities

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestAnActivityDoesNothingBeforeItsStoryIsOnRecord(t *testing.T) {
	t.Parallel()
	story := &contract.RecordInput{Events: []contract.Event{{Request: "r", Seq: 1, Kind: contract.EventRequested}}}
	unrecorded := contract.Decision{Unrecorded: true}
	decided := contract.Decision{Ruling: contract.RulingGrant}
	for name, c := range map[string]struct {
		story  *contract.RecordInput
		result contract.RecordResult
		err    error
		want   contract.Decision
		fails  bool
	}{
		"nothing to record":         {want: decided},
		"on record":                 {story: story, want: decided},
		"refused for good":          {story: story, err: contract.Conflict("no").Application(), want: unrecorded},
		"something before is lost":  {story: story, result: contract.RecordResult{Missing: 1}, want: unrecorded},
		"the ledger is away":        {story: story, err: contract.Unavailable("down"), fails: true},
		"the ledger fails somehow":  {story: story, err: errors.New("disk"), fails: true},
		"the record's time is over": {story: story, err: context.DeadlineExceeded, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := false
			do := RecordFirst(
				func(_ context.Context, got contract.RecordInput) (contract.RecordResult, error) {
					require.Equal(t, *story, got)
					require.False(t, ran, "the record comes first")
					return c.result, c.err
				},
				unrecorded,
				func(_ context.Context, in contract.DecideInput) (contract.Decision, error) {
					require.Nil(t, in.Story, "the activity itself has no use for it")
					ran = true
					return decided, nil
				},
			)
			got, err := do(t.Context(), contract.DecideInput{Story: c.story})
			require.Equal(t, c.fails, err != nil)
			require.Equal(t, c.want, got)
			require.Equal(t, c.want.Ruling == contract.RulingGrant, ran)
		})
	}
}
