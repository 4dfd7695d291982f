package api

import (
	"context"
	"net/http"

	"curfew/internal/departure"
)

// Holders are all that people have.
type Holders struct {
	Held  []departure.Held  `json:"held" doc:"What requests hold up for people, or would: by the requests' ids"`
	Names map[string]string `json:"names,omitempty" doc:"What the people are called, by their ids"`
}

// ConfirmationBody says which version of the directory is confirmed.
type ConfirmationBody struct {
	Digest string `json:"digest" maxLength:"64" doc:"The digest of the directory, from the alarm leaving-stopped or curfew config diff"`
}

// Confirmed is what ends by the directory that was confirmed.
type Confirmed struct {
	Departures []departure.Departure `json:"departures" doc:"What ends by it"`
	Names      map[string]string     `json:"names,omitempty" doc:"What the people are called, by their ids"`
}

type (
	holdersOutput     struct{ Body Holders }
	confirmationInput struct{ Body ConfirmationBody }
	confirmedOutput   struct{ Body Confirmed }
)

func (s *server) departures() {
	register(
		s,
		operation(
			http.MethodGet,
			"/v1/holders",
			"holders",
			"List what people have, for comparing it with another version of the directory",
		),
		s.holders,
	)
	register(s, operation(http.MethodPost, "/v1/directory/confirmation", "confirmDirectory",
		"Let the directory of this moment end access, however many people lose theirs"), s.confirmDirectory)
}

func (s *server) holders(ctx context.Context, by *call, _ *struct{}) (*holdersOutput, error) {
	held, err := by.starter.Holders(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, one := range held {
		people = append(people, one.Person)
	}
	return &holdersOutput{Holders{append([]departure.Held{}, held...), by.starter.Names(people...)}}, nil
}

func (s *server) confirmDirectory(ctx context.Context, by *call, in *confirmationInput) (*confirmedOutput, error) {
	ends, err := by.starter.ConfirmDirectory(ctx, by.Person, in.Body.Digest)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, one := range ends {
		people = append(people, one.Person)
	}
	return &confirmedOutput{Confirmed{append([]departure.Departure{}, ends...), by.starter.Names(people...)}}, nil
}
