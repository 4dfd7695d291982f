package target_test

import (
	"context"
	"sync"
	"time"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// liar is a target that says one thing and does another, as its fields say.
type liar struct {
	mu sync.Mutex
	// system is its own identity.
	system string
	// holds is the truth: it has the access.
	holds bool
	// blind shows nothing, whatever it holds; deaf can't even be asked.
	blind, deaf bool
	// doubt is what its view says of an absence.
	doubt string
	// refuses answers grants, and refusesRevoke revokes.
	refuses, refusesRevoke error
	// another gives the access just before a grant.
	another bool
	// silent has a grant take effect and gives no answer; away has it take none either.
	silent, away bool
	// frozen is the end that it shows, whatever it is asked for.
	frozen time.Time
	// keeps answers a revoke well and keeps the access.
	keeps bool

	grants, revokes int
	asked           []target.Access // by revokes
}

func (l *liar) Grant(context.Context, target.Access) (target.Granted, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grants++
	l.holds = l.holds || l.another
	if l.refuses != nil {
		return "", l.refuses
	}
	if l.away {
		return "", errNoAnswer
	}
	l.holds = true
	if l.silent {
		return "", errNoAnswer
	}
	return target.AccessGranted, nil
}

var errNoAnswer = contract.Unavailable("the target did not answer")

func (l *liar) Revoke(_ context.Context, access target.Access) (target.Revoked, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revokes++
	l.asked = append(l.asked, access)
	if l.refusesRevoke != nil {
		return "", l.refusesRevoke
	}
	found := l.holds && !l.blind
	l.holds = l.holds && l.keeps
	if !found {
		return target.AlreadyAbsent, nil
	}
	return target.AccessRevoked, nil
}

func (l *liar) Inspect(context.Context, target.Access) (target.State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf {
		return target.State{}, contract.Denied("nobody may look")
	}
	state := target.State{Held: l.holds && !l.blind, Identity: contract.Identity{Target: l.system, ID: "16384"}}
	if state.Held {
		state.Until = l.frozen
	} else {
		state.Doubt = l.doubt
	}
	return state, nil
}
