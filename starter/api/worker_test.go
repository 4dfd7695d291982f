package api_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/group"
	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/starter/startertest"
	"curfew/worker"
	"curfew/workflows/contract"
)

// Who is there when a worker is: alice and bob work, erin has nothing to do with anything. Gail reviews so that others
// can go on.
var (
	everybody = []string{"alice", "bob", "carol", "dave", "erin", "audrey", "oscar", "ada"}
	reviewers = []string{"carol", "dave", "ada", "gail"}
)

// atWork is the API of a house with a worker in it, and a template whose extensions are reviewed.
func atWork(t *testing.T, changes ...func(*config.Config)) *entry {
	t.Helper()
	house := startertest.Alone(t)
	c := house.Config
	for _, id := range append([]string{"gail"}, everybody...) {
		c.People[id] = people.Person{
			Name: id, Token: config.SecretOf(startertest.Token(id)), Accounts: map[string]string{"shells": id},
		}
	}
	c.Roles = people.Roles{Auditors: []string{"audrey"}, Operators: []string{"oscar"}, Admins: []string{"ada"}}
	c.Targets = map[string]config.Target{"shells": {Kind: "ssh"}}
	c.Sweep.Every, c.Watchdog.Grace = contract.Duration{Duration: time.Hour}, contract.Duration{Duration: time.Hour}
	shell := c.Templates["look-round"]
	shell.Entitlements = []config.Entitlement{{Target: "shells", Spec: []byte(`{}`)}}
	shell.Approval.From = reviewers
	shell.Extension.Review = true
	c.Templates["shell"] = shell
	for _, change := range changes {
		change(c)
	}

	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(ctx, worker.Options{
			Config: house.Live, Temporal: house.Client, Log: zap.NewNop(), Events: house.Ledger, Holdings: house.Ledger, Tombstones: house.Ledger, Alarms: house.Ledger,
			Decisions: house.Ledger, Groups: group.New(nil, house.Ledger), Targets: map[string]target.Target{"shells": {Connector: &shells{held: map[string]bool{}}}},
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return serve(t, house)
}

// shells is a target that gives what it is told to.
type shells struct {
	mu   sync.Mutex
	held map[string]bool
}

func (s *shells) set(access target.Access, held bool) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was = s.held[access.Account]
	s.held[access.Account] = held
	return was
}

func (s *shells) Grant(_ context.Context, access target.Access) (target.Granted, error) {
	if s.set(access, true) {
		return target.AlreadyThere, nil
	}
	return target.AccessGranted, nil
}

func (s *shells) Revoke(_ context.Context, access target.Access) (target.Revoked, error) {
	if s.set(access, false) {
		return target.AccessRevoked, nil
	}
	return target.AlreadyAbsent, nil
}

func (s *shells) Inspect(_ context.Context, access target.Access) (target.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return target.State{Held: s.held[access.Account]}, nil
}

func (s *shells) Issue(_ context.Context, _ target.Access, publicKey []byte) ([]byte, error) {
	return publicKey, nil
}
