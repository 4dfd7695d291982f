package api

import (
	"context"
	"net/http"
	"time"

	"curfew/activities/ledger"
	"curfew/starter"
)

// EndBody says what the kill switch ends: one of person, target, template and all.
type EndBody struct {
	Person   string `json:"person,omitempty" maxLength:"256" doc:"All that this person has or waits for, by the person's id"`
	Target   string `json:"target,omitempty" maxLength:"256" doc:"All requests that give access to this target, by its configured name"`
	Template string `json:"template,omitempty" maxLength:"256" doc:"All requests for this template"`
	All      bool   `json:"all,omitempty" doc:"Everything"`
	Reason   string `json:"reason" doc:"Why"`
	DryRun   bool   `json:"dryRun,omitempty" doc:"Only say what would end"`
}

// ReasonBody says why.
type ReasonBody struct {
	Reason string `json:"reason" doc:"Why"`
}

// Freeze says whether anything is granted now.
type Freeze struct {
	Frozen bool              `json:"frozen" doc:"Nothing is granted now"`
	By     string            `json:"by,omitempty" doc:"Who froze or thawed Curfew last"`
	Reason string            `json:"reason,omitempty" doc:"Why: show it as text, never as markup"`
	At     time.Time         `json:"at,omitzero" doc:"When"`
	Names  map[string]string `json:"names,omitempty" doc:"What the people are called, by their ids"`
}

type (
	endInput     struct{ Body EndBody }
	endOutput    struct{ Body starter.EndReport }
	reasonInput  struct{ Body ReasonBody }
	freezeOutput struct{ Body Freeze }
)

func (s *server) killSwitch() {
	register(
		s,
		operation(
			http.MethodPost,
			"/v1/ends",
			"end",
			"Kill switch: end all that a person has, all on a target, all of a template, or everything",
		),
		s.end,
	)
	register(s, operation(http.MethodGet, "/v1/freeze", "frozen", "Show whether anything is granted now"), s.frozen)
	register(
		s,
		operation(
			http.MethodPost,
			"/v1/freeze",
			"freeze",
			"Grant nothing until somebody thaws it; what is live goes on and ends",
		),
		s.freeze,
	)
	register(s, operation(http.MethodPost, "/v1/thaw", "thaw", "Grant again"), s.thaw)
}

func (s *server) end(ctx context.Context, by *call, in *endInput) (*endOutput, error) {
	report, err := by.starter.End(ctx, by.Person, starter.Selection{
		Person: in.Body.Person, Target: in.Body.Target, Template: in.Body.Template, All: in.Body.All,
	}, in.Body.Reason, in.Body.DryRun)
	if err != nil {
		return nil, err
	}
	return &endOutput{report}, nil
}

func (s *server) frozen(ctx context.Context, by *call, _ *struct{}) (*freezeOutput, error) {
	return by.freezeOr(by.starter.Frozen(ctx, by.Person))
}

func (s *server) freeze(ctx context.Context, by *call, in *reasonInput) (*freezeOutput, error) {
	return by.freezeOr(by.starter.Freeze(ctx, by.Person, in.Body.Reason))
}

func (s *server) thaw(ctx context.Context, by *call, in *reasonInput) (*freezeOutput, error) {
	return by.freezeOr(by.starter.Thaw(ctx, by.Person, in.Body.Reason))
}

func (c *call) freezeOr(freeze ledger.Freeze, err error) (*freezeOutput, error) {
	if err != nil {
		return nil, err
	}
	return &freezeOutput{Freeze{
		Frozen: freeze.Frozen, By: freeze.By, Reason: freeze.Reason, At: freeze.At, Names: c.starter.Names(freeze.By),
	}}, nil
}
