package api

import (
	"context"
	"net/http"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Stuck is a list of grants.
type Stuck struct {
	Grants []contract.GrantStatus `json:"grants" nullable:"false" doc:"The grants whose revoke is past its alarm time"`
}

// Alarms is a part of the journal of alarms, newest first.
type Alarms struct {
	Alarms []contract.Alarm `json:"alarms" nullable:"false" doc:"The alarms, newest first"`
	Next   string           `json:"next,omitempty" doc:"Give it as before to get the page that follows; absent on the last page"`
}

// GrantBody names a grant.
type GrantBody struct {
	Grant string `json:"grant" maxLength:"512" doc:"The grant's id, from the list of stuck ones"`
}

// TakeOverBody names a grant and why somebody answers for it.
type TakeOverBody struct {
	Grant  string `json:"grant" maxLength:"512" doc:"The grant's id, from the list of stuck ones"`
	Reason string `json:"reason" doc:"Why Curfew is to stop trying, and who takes the access away"`
}

// SweepBody says how to sweep.
type SweepBody struct {
	DryRun bool `json:"dryRun,omitempty" doc:"Remove nothing and raise no alarm, whatever the configuration says"`
}

type (
	stuckOutput  struct{ Body Stuck }
	grantOutput  struct{ Body contract.GrantStatus }
	alarmsOutput struct{ Body Alarms }
	sweepOutput  struct{ Body contract.SweepReport }

	retryInput    struct{ Body GrantBody }
	takeOverInput struct{ Body TakeOverBody }
	sweepInput    struct{ Body SweepBody }
	alarmsInput   struct {
		Kind   alarmKind `query:"kind" doc:"Only those of this kind"`
		Target string    `query:"target" maxLength:"256" doc:"Only those about this target"`
		Grant  string    `query:"grant" maxLength:"512" doc:"Only those about this grant"`
		Before string    `query:"before" maxLength:"1024" doc:"The next of the page before"`
		Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many at most"`
	}
)

func (s *server) operate() {
	register(
		s,
		operation(http.MethodGet, "/v1/stuck", "stuck", "List the revokes that are past their alarm time"),
		s.stuck,
	)
	register(
		s,
		operation(http.MethodPost, "/v1/stuck/retry", "retryStuck", "Try a stuck revoke again at once"),
		s.retryStuck,
	)
	register(s, operation(http.MethodPost, "/v1/stuck/takeover", "takeOverStuck",
		"Answer for access that can't be taken away: Curfew stops trying"), s.takeOverStuck)
	register(
		s,
		operation(http.MethodGet, "/v1/alarms", "alarms", "List what concerns operators and is no request's event"),
		s.listAlarms,
	)
	register(
		s,
		operation(http.MethodPost, "/v1/sweeps", "sweep", "Compare every target with the live grants, now"),
		s.sweep,
	)
}

func (s *server) stuck(ctx context.Context, by *call, _ *struct{}) (*stuckOutput, error) {
	grants, err := by.starter.Stuck(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	return &stuckOutput{Stuck{grants}}, nil
}

func (s *server) retryStuck(ctx context.Context, by *call, in *retryInput) (*grantOutput, error) {
	return grantOr(by.starter.RetryStuck(ctx, by.Person, in.Body.Grant))
}

func (s *server) takeOverStuck(ctx context.Context, by *call, in *takeOverInput) (*grantOutput, error) {
	return grantOr(by.starter.TakeOver(ctx, by.Person, in.Body.Grant, in.Body.Reason))
}

func grantOr(status contract.GrantStatus, err error) (*grantOutput, error) {
	if err != nil {
		return nil, err
	}
	return &grantOutput{status}, nil
}

func (s *server) listAlarms(ctx context.Context, by *call, in *alarmsInput) (*alarmsOutput, error) {
	alarms, err := by.starter.Alarms(ctx, by.Person, ledger.AlarmFilter{
		Kind: contract.AlarmKind(in.Kind), Target: in.Target, Grant: in.Grant, Before: in.Before, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	list := Alarms{Alarms: append([]contract.Alarm{}, alarms...)}
	if len(alarms) == in.Limit {
		list.Next = ledger.AlarmCursor(alarms[len(alarms)-1])
	}
	return &alarmsOutput{list}, nil
}

func (s *server) sweep(ctx context.Context, by *call, in *sweepInput) (*sweepOutput, error) {
	report, err := by.starter.Sweep(ctx, by.Person, in.Body.DryRun)
	if err != nil {
		return nil, err
	}
	return &sweepOutput{report}, nil
}
