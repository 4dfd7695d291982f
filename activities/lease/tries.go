package lease

import (
	"context"
	"time"

	"curfew/workflows/contract"
)

const (
	// askTries is how often a grant that has not answered a hold is asked what its attempts fail with.
	askTries = 2 * time.Second
	// longestTrying bounds what is shown of that, in bytes.
	longestTrying = 1000
)

// trying is why a hold is not waited for any more in this attempt: what the grant's own attempts fail with.
type trying string

func (t trying) Error() string { return string(t) }

// watchTries asks a grant why it has not answered yet, and leaves when it says what the request does not know. The
// grant goes on meanwhile: who asks it to hold once more waits for the same answer.
func (a *Activities) watchTries(ctx context.Context, leave context.CancelCauseFunc, in contract.HoldInput) {
	tick := time.NewTicker(askTries)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			why := contract.Shorten(a.triesOf(ctx, in.Access.GrantID()), longestTrying)
			if why != "" && why != in.Known {
				leave(trying(why))
				return
			}
		}
	}
}

// triesOf is empty when the grant does not say.
func (a *Activities) triesOf(ctx context.Context, grant string) string {
	ctx, done := context.WithTimeout(ctx, askTries)
	defer done()
	answer, err := a.Temporal.QueryWorkflow(ctx, grant, "", contract.QueryStatus)
	if err != nil {
		return ""
	}
	var status contract.GrantStatus
	if answer.Get(&status) != nil {
		return ""
	}
	return status.Trying
}
