package targettest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// many is how many calls overlap.
const many = 10

// overlaps is what calls at the same time promise.
var overlaps = []behaviour{
	{name: "many grants at once for one subject give the access once", try: func(t *testing.T, tr trial) {
		account, end := tr.Accounts(t), until(time.Hour)
		atOnce(t, func(int) error {
			_, err := tr.tryGrant(t.Context(), account, end)
			return err
		})
		tr.requireHeld(t, account)
		tr.revoke(t, account)
		tr.requireGone(t, account)
	}},
	{name: "many revokes at once for one subject take it away", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		tr.grant(t, account, until(time.Hour))
		atOnce(t, func(int) error {
			_, err := tr.tryRevoke(t.Context(), account)
			return err
		})
		tr.requireGone(t, account)
	}},
	{name: "many subjects at once do not disturb each other", try: func(t *testing.T, tr trial) {
		var accounts [many]string
		for i := range accounts {
			accounts[i] = tr.Accounts(t)
		}
		end := until(time.Hour)
		atOnce(t, func(i int) error {
			_, err := tr.tryGrant(t.Context(), accounts[i], end)
			return err
		})
		for _, account := range accounts {
			tr.requireHeld(t, account)
		}
		atOnce(t, func(i int) error {
			if i%2 == 0 {
				return nil
			}
			_, err := tr.tryRevoke(t.Context(), accounts[i])
			return err
		})
		for i, account := range accounts {
			if i%2 == 0 {
				tr.requireHeld(t, account)
			} else {
				tr.requireGone(t, account)
			}
		}
	}},
}

// atOnce starts many calls at the same instant and wants each to succeed.
func atOnce(t *testing.T, call func(i int) error) {
	t.Helper()
	start, results := make(chan struct{}), make(chan error, many)
	for i := range many {
		go func() {
			<-start
			results <- call(i)
		}()
	}
	close(start)
	for range many {
		require.NoError(t, <-results)
	}
}
