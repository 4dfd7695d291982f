package sweep

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// comparison is one look at one target.
type comparison struct {
	*Activities
	target    string
	connector target.Connector
	held      []ledger.Holding
	now       time.Time
	quiet     bool // raise no alarm
	result    contract.SweepResult
}

// orphans looks for what carries Curfew's mark and is held up by nothing, and looks twice: what was given or ended
// during the first look is no orphan.
func (c *comparison) orphans(ctx context.Context) error {
	lister, ok := c.connector.(target.Lister)
	if !ok {
		var err error
		c.held, err = c.Activities.held(ctx, c.target)
		return err
	}
	c.result.Listed = true
	found, err := c.unheld(ctx, lister)
	if err != nil || len(found) == 0 {
		return err
	}
	again, err := c.unheld(ctx, lister)
	if err != nil {
		return err
	}
	for _, orphan := range again {
		if !slices.ContainsFunc(
			found,
			func(one target.Marked) bool { return one.Key == orphan.Key && one.Until.Equal(orphan.Until) },
		) {
			continue
		}
		c.result.Orphans = append(
			c.result.Orphans,
			contract.Orphan{Key: orphan.Key, Account: orphan.Account, Until: orphan.Until},
		)
		c.raise(ctx, contract.Alarm{
			ID:   fmt.Sprintf("%s/%s/%s/%d", contract.AlarmOrphaned, c.target, orphan.Key, orphan.Until.Unix()),
			Kind: contract.AlarmOrphaned,
			Text: fmt.Sprintf(
				"%s has access that carries Curfew's mark (%s), and no live grant holds it up.",
				c.nameOf(orphan),
				orphan.Key,
			),
		})
	}
	return nil
}

// unheld lists what has a mark and is held up by nothing. A holding that is open holds it up, also past its end: then
// it is the watchdog's. So does a grant that runs, whatever has become of the holdings: losing one of the two databases
// makes nothing an orphan. The holdings are read after the list: access is on record before it is given.
func (c *comparison) unheld(ctx context.Context, lister target.Lister) (found []target.Marked, err error) {
	marked, err := lister.List(ctx)
	if err != nil {
		return nil, err
	}
	if c.held, err = c.Activities.held(ctx, c.target); err != nil {
		return nil, err
	}
	c.result.Live = 0
	open := c.open()
	for _, one := range marked {
		up := open[one.Key]
		if !up {
			if up, err = c.runs(ctx, c.target, one.Key); err != nil {
				return nil, err
			}
		}
		if up {
			c.result.Live++
			continue
		}
		found = append(found, one)
	}
	return found, nil
}

// open are the keys of the holdings that are open.
func (c *comparison) open() map[string]bool {
	keys := map[string]bool{}
	for _, holding := range c.held {
		if holding.Open {
			keys[holding.Access.Digest()] = true
		}
	}
	return keys
}

func (c *comparison) nameOf(found target.Marked) string {
	if found.Account == "" {
		return "somebody"
	}
	return found.Account
}

var keyPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// runs returns whether a grant of that key runs in Temporal.
func (a *Activities) runs(ctx context.Context, name, key string) (bool, error) {
	if !keyPattern.MatchString(key) {
		return false, nil
	}
	found, err := a.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: 1,
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '%s'",
			contract.WorkflowGrant, contract.GrantIDPrefix(name, key)),
	})
	if err != nil {
		return false, contract.Unavailable("Temporal can't be asked which grants run: %v", err)
	}
	return len(found.GetExecutions()) > 0, nil
}

// inspect looks at every access that the holdings know of: at what should be there, and at what should not.
func (c *comparison) inspect(ctx context.Context) error {
	inspected := 0
	for _, holding := range c.held {
		if holding.Standing || holding.Open && !holding.Until.After(c.now) {
			continue
		}
		inspected++
		if inspected > mostInspected {
			c.result.Problem = fmt.Sprintf("only the first %d of its accesses were looked at", mostInspected)
			return nil
		}
		state, err := c.connector.Inspect(ctx, target.AccessOf(holding))
		if err != nil {
			return err
		}
		c.judge(ctx, holding, state)
	}
	return nil
}

// finding is what a look at one access has found.
type finding string

const (
	asHeld     finding = ""           // the target and the holding agree, or nobody can tell
	drifted    finding = "drifted"    // it is live, and not there
	reappeared finding = "reappeared" // it was gone, and is there
)

func (c *comparison) find(holding ledger.Holding, seen target.State) finding {
	switch live := holding.Open && holding.Until.After(c.now); {
	case holding.Standing:
		return asHeld
	case live && !seen.Held && seen.Doubt == "" && !holding.Leases.Unread():
		return drifted
	case !holding.Open && seen.Held:
		return reappeared
	}
	return asHeld
}

// judge looks again, with the lock of the holding, before it says what it has found: the holdings were read a while
// ago.
func (c *comparison) judge(ctx context.Context, holding ledger.Holding, seen target.State) {
	found := c.find(holding, seen)
	if found == asHeld {
		if holding.Open && seen.Held && !c.result.Listed {
			c.result.Live++
		}
		return
	}
	still, err := ledger.Confirm(
		ctx,
		c.Holdings,
		holding.Grant,
		func(ctx context.Context, now ledger.Holding) (bool, error) {
			holding = now
			state, err := c.connector.Inspect(ctx, target.AccessOf(now))
			return err == nil && c.find(now, state) == found, err
		},
	)
	switch {
	case err != nil:
		c.Log.Info(
			"something happens to access that the sweep would report; the next sweep looks again",
			zap.String("grant", holding.Grant),
			zap.Error(err),
		)
	case !still:
	case found == drifted:
		c.result.Drifted = append(
			c.result.Drifted,
			holding.Grant,
		) // the grant itself has it looked at, and the alarm raised
	default:
		c.result.Reappeared = append(c.result.Reappeared, holding.Grant)
		c.raise(ctx, contract.Alarm{
			ID:   fmt.Sprintf("%s/%s/%d", contract.AlarmReappeared, holding.Grant, holding.GoneAt.Unix()),
			Kind: contract.AlarmReappeared, Grant: holding.Grant,
			Text: reappearedText(holding),
		})
	}
}

// raise puts an alarm into the ledger. A ledger that is down must not keep anybody from the sweep's result.
func (c *comparison) raise(ctx context.Context, alarm contract.Alarm) {
	if c.quiet {
		return
	}
	alarm.At, alarm.Target, alarm.Actor = c.now.UTC(), c.target, contract.ActorSweep
	if err := c.Alarms.Raise(ctx, alarm); err != nil {
		c.Log.Error(
			"the ledger did not take an alarm of the sweep",
			zap.String("alarm", alarm.ID),
			zap.String("text", alarm.Text),
			zap.Error(err),
		)
	}
}

func reappearedText(holding ledger.Holding) string {
	account, at := holding.Access.Account, holding.GoneAt.UTC().Format(time.RFC3339)
	if holding.Proof.Unconfirmed {
		return fmt.Sprintf(
			"The access of %s was removed at %s, which Curfew could not confirm, and is there. Curfew leaves it alone.",
			account,
			at,
		)
	}
	return fmt.Sprintf(
		"The access of %s was seen to be gone at %s, and is there again. Curfew did not give it and leaves it alone.",
		account,
		at,
	)
}
