package api

import (
	"context"
	"net/http"
	"slices"

	"curfew/starter"
)

// Templates is what can be asked for.
type Templates struct {
	Templates []starter.Template `json:"templates" nullable:"false" doc:"The templates, by name"`
	Names     map[string]string  `json:"names,omitempty" doc:"What those who may approve are called, by their ids; whoever has no name is left out"`
}

type (
	templatesOutput struct{ Body Templates }
	meOutput        struct{ Body starter.Me }
)

func (s *server) directory() {
	register(s, operation(http.MethodGet, "/v1/templates", "templates", "List what can be asked for"), s.templates)
	register(s, operation(http.MethodGet, "/v1/me", "me", "Show who you are"), s.me)
}

func (s *server) templates(ctx context.Context, by *call, _ *struct{}) (*templatesOutput, error) {
	templates, err := by.starter.Templates(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	return &templatesOutput{Templates{templates, by.starter.Names(approvers(templates)...)}}, nil
}

// approvers are the people whom the rules of templates name.
func approvers(templates []starter.Template) []string {
	var people []string
	for _, template := range templates {
		for _, rule := range template.Approvals {
			people = append(people, slices.Concat(rule.From, rule.Then.People)...)
		}
	}
	return people
}

func (s *server) me(_ context.Context, by *call, _ *struct{}) (*meOutput, error) {
	me, err := by.starter.Me(by.Person)
	if err != nil {
		return nil, err
	}
	return &meOutput{me}, nil
}
