// Package standin runs the stand-ins of Lightrun and Jira in a process of their own, and lets whoever started it see
// what they hold and make them misbehave, past the addresses that Curfew uses.
package standin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"curfew/internal/sandbox"
	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/lightrun"
)

// Project is the one that all tickets belong to.
const Project = "OPS"

// Setup is what the stand-ins begin with. It is the one line that the process reads.
type Setup struct {
	Token string   `json:"token"` // of everybody who calls them
	Pool  string   `json:"pool"`
	Users []string `json:"users"` // whom Lightrun knows, by e-mail address
	// Tickets are keys; each is in progress.
	Tickets []string `json:"tickets"`
}

// Addresses are where the stand-ins answer. They are the one line that the process writes.
type Addresses struct {
	Lightrun string `json:"lightrun"` // host and port
	Jira     string `json:"jira"`
	Control  string `json:"control"` // for Client
}

// Account is the name with which Curfew signs in at Jira.
const Account = "curfew@example.org"

// stand is both stand-ins.
type stand struct {
	lightrun                   *lightrun.Server
	jira                       *jira.Server
	lightrunFaults, jiraFaults sandbox.Faults
}

// Run reads a Setup, writes Addresses, and serves until the context ends.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	var setup Setup
	if err := json.NewDecoder(in).Decode(&setup); err != nil {
		return fmt.Errorf("read what the stand-ins begin with: %w", err)
	}
	s := newStand(setup)
	var addresses Addresses
	failed := make(chan error, 3)
	var servers []*http.Server
	defer func() {
		for _, server := range servers {
			_ = server.Close() // nobody is left to hear of it
		}
	}()
	for _, part := range []struct {
		handler http.Handler
		address *string
	}{
		{s.lightrunFaults.Wrap(s.lightrun.Handler()), &addresses.Lightrun},
		{s.jiraFaults.Wrap(s.jira.Handler()), &addresses.Jira},
		{s.control(), &addresses.Control},
	} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		*part.address = listener.Addr().String()
		server := &http.Server{Handler: part.handler, ReadHeaderTimeout: 5 * time.Second}
		servers = append(servers, server)
		go func() { failed <- server.Serve(listener) }()
	}
	if err := json.NewEncoder(out).Encode(addresses); err != nil {
		return fmt.Errorf("say where the stand-ins are: %w", err)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return errors.Join(errors.New("a stand-in has stopped"), err)
	}
}

func newStand(setup Setup) *stand {
	s := &stand{jira: jira.New(jira.Options{
		Deployment: jira.Cloud,
		Accounts:   []jira.Account{{ID: "curfew-1", Name: "Curfew", Email: Account, Token: setup.Token}},
	})}
	options := lightrun.Options{
		Keys:  []lightrun.Key{{Value: setup.Token, Scopes: []lightrun.Scope{lightrun.ScopeDev}}},
		Pools: []lightrun.AgentPool{{ID: setup.Pool, Name: "production"}},
	}
	for _, user := range setup.Users {
		options.Users = append(options.Users, lightrun.User{Email: user})
	}
	s.lightrun = lightrun.New(options)
	for _, key := range setup.Tickets {
		s.jira.AddIssue(key, "Orders are late", "In Progress")
	}
	return s
}
