package webhook_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// messages are those that arrived with a good signature.
func (r *receiver) messages() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (r *receiver) add(account string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accounts[account] = true
	return account
}

// can is whether the account has the access, by whatever route.
func (r *receiver) can(what grantTo) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, given := r.given[what]
	return given || r.standing[what]
}

func (r *receiver) giveStanding(what grantTo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.standing[what] = true
}

// openSession starts something of an account's that goes on after its access has ended.
func (r *receiver) openSession(account string) func() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	works := true
	r.sessions[account] = append(r.sessions[account], &works)
	return func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return works
	}
}

// snapshot is all that anybody holds, but for one account.
func (r *receiver) snapshot(_ *testing.T, except string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for what, mark := range r.given {
		lines = append(lines, fmt.Sprintf("%q %s given %s %s", what.account, what.entitlement, mark.key, mark.until))
	}
	for what := range r.standing {
		lines = append(lines, fmt.Sprintf("%q %s standing", what.account, what.entitlement))
	}
	lines = slices.DeleteFunc(
		lines,
		func(line string) bool { return strings.HasPrefix(line, strconv.Quote(except)+" ") },
	)
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func requireNoMessage(t *testing.T, r *receiver) {
	t.Helper()
	require.Empty(t, r.messages())
}
