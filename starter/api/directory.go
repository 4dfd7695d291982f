package api

import (
	"context"
	"net/http"

	"curfew/starter"
	"curfew/workflows/contract"
)

// Templates is what can be asked for.
type Templates struct {
	Templates []starter.Template `json:"templates" nullable:"false" doc:"The templates, by name"`
}

// Me is who a token stands for.
type Me struct {
	ID       string            `json:"id" doc:"The person's id in the directory"`
	Name     string            `json:"name" doc:"The person's name"`
	Accounts map[string]string `json:"accounts" doc:"The person's name on each target"`
}

type (
	templatesOutput struct{ Body Templates }
	meOutput        struct{ Body Me }
)

func (s *server) directory() {
	register(s, operation(http.MethodGet, "/v1/templates", "templates", "List what can be asked for"), s.templates)
	register(s, operation(http.MethodGet, "/v1/me", "me", "Show who you are"), s.me)
}

func (s *server) templates(ctx context.Context, _ *struct{}) (*templatesOutput, error) {
	templates, err := s.starter.Templates(current(ctx).Person)
	if err != nil {
		return nil, err
	}
	return &templatesOutput{Templates{templates}}, nil
}

func (s *server) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	id := current(ctx).Person
	person, ok := s.config.People[id]
	if !ok {
		return nil, contract.Problemf(contract.KindForbidden, "", "ask an administrator", "you are not in the directory")
	}
	return &meOutput{Me{ID: id, Name: person.Name, Accounts: person.Accounts}}, nil
}
