package grant

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// takeVerified takes the asks that somebody vouches for, and learns the way to the target by them. It is the worker of
// this workflow that verifies, on Curfew's own task queue: until then nothing that a message says of a task queue is
// believed, or the commands of everybody's leases would wait where nobody works.
func (g *run) takeVerified(ctx workflow.Context) []*ask {
	asks := g.takeAsks()
	if len(asks) == 0 {
		return nil
	}
	in := contract.RouteInput{Access: g.access}
	for _, a := range asks {
		in.Holds = append(in.Holds, contract.HoldInput{Access: a.access, Lease: a.lease, Chain: a.chain})
	}
	var route contract.Route
	if err := routeLocally(ctx, in).Get(ctx, &route); err != nil {
		for _, a := range asks {
			a.fail(contract.Unavailable("the lease could not be verified: %v", err).Application())
		}
		return nil
	}
	var verified []*ask
	for i, a := range asks {
		if problem := route.Refused[i]; problem != nil {
			a.fail(problem.Application())
			g.raiseForged(ctx, a.lease.Request, *problem)
			continue
		}
		verified = append(verified, a)
	}
	if len(verified) > 0 {
		g.access.TaskQueue, g.routed = route.TaskQueue, true
	}
	return verified
}

// findRoute learns the way to the target for a run that has verified no ask: one that begins with a release, say.
// Whoever started it could say anything.
func (g *run) findRoute(ctx workflow.Context) {
	if g.routed {
		return
	}
	var route contract.Route
	if err := routeLocally(ctx, contract.RouteInput{Access: g.access}).Get(ctx, &route); err != nil {
		workflow.GetLogger(ctx).Warn("the way to the target could not be looked up", "error", err)
		return
	}
	g.access.TaskQueue, g.routed = route.TaskQueue, true
}

// mostForged is how many different forgeries a run tells operators of.
const mostForged = 20

// raiseForged tells operators that somebody asked for access that was not decided; the same once.
func (g *run) raiseForged(ctx workflow.Context, request string, problem contract.Problem) {
	request = contract.Shorten(request, 64)
	sum := sha256.Sum256([]byte(g.access.GrantID() + request + problem.Fault))
	id := fmt.Sprintf("%s/%s/%s", g.access.GrantID(), contract.AlarmForged, hex.EncodeToString(sum[:8]))
	if problem.Kind != contract.KindForbidden || g.forged[id] || len(g.forged) == mostForged {
		return
	}
	g.forged[id] = true
	g.raise(ctx, contract.AlarmInput{Alarm: contract.Alarm{
		ID:       id,
		Kind:     contract.AlarmForged,
		At:       workflow.Now(ctx),
		Target:   g.access.Target,
		Grant:    g.access.GrantID(),
		Requests: []string{request},
		Actor:    contract.ActorCurfew,
		Text:     "Somebody who can write to the Temporal namespace asked for access that was not decided: " + problem.Error(),
	}})
}
