package ssh

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// connector is one certificate authority.
type connector struct {
	authority ssh.Signer
	accounts  *regexp.Regexp
	store     *store
}

// The optional parts of the port that hosts with certificates have.
var (
	_ target.Checker           = (*connector)(nil)
	_ target.Lister            = (*connector)(nil)
	_ target.CertificateIssuer = (*connector)(nil)
)

var keyForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// Grant implements target.Connector: from now on Issue signs for this access. A certificate that was issued before the
// end moved keeps the end that it has.
func (c *connector) Grant(ctx context.Context, access target.Access) (granted target.Granted, err error) {
	if err := checkKey(access.Key); err != nil {
		return "", err
	}
	if err := c.checkAccount(access.Account); err != nil {
		return "", err
	}
	if access.Entitlement, err = normalize(access.Entitlement); err != nil {
		return "", err
	}
	err = c.store.with(ctx, func(r *record, now time.Time) error {
		if !access.Until.After(now) {
			return contract.Overdue("the access would be over before it began").
				Advise("see that the target, the ledger and the workers run and answer")
		}
		granted, err = r.open(access, now)
		return err
	})
	return granted, err
}

// Revoke implements target.Connector: nothing more is signed, and the hosts' list has all that was.
func (c *connector) Revoke(ctx context.Context, access target.Access) (revoked target.Revoked, err error) {
	if err := checkKey(access.Key); err != nil {
		return "", err
	}
	err = c.store.with(ctx, func(r *record, now time.Time) error {
		revoked = r.close(access.Key, now)
		return nil
	})
	return revoked, err
}

// Inspect implements target.Connector. It answers only when the hosts' list is as it should be, and mends it if it was
// not. The record is Curfew's own, so that it has no such access is proof; another record knows nothing of what this
// one gave.
func (c *connector) Inspect(ctx context.Context, access target.Access) (state target.State, err error) {
	if err := checkKey(access.Key); err != nil {
		return target.State{}, err
	}
	err = c.store.with(ctx, func(r *record, now time.Time) error {
		end := r.Openings[access.Key].worksUntil(now)
		state = target.State{Held: !end.IsZero(), Until: end, Identity: contract.Identity{Target: r.ID}}
		return nil
	})
	return state, err
}

// Check implements target.Checker. Whether hosts trust the authority and read its list can't be seen from here.
func (c *connector) Check(ctx context.Context) error { return c.store.check(ctx) }

// List implements target.Lister.
func (c *connector) List(ctx context.Context) (marked []target.Marked, err error) {
	err = c.store.with(ctx, func(r *record, now time.Time) error {
		for _, key := range slices.Sorted(maps.Keys(r.Openings)) {
			if end := r.Openings[key].worksUntil(now); !end.IsZero() {
				marked = append(marked, target.Marked{Key: key, Account: r.Openings[key].Account, Until: end})
			}
		}
		return nil
	})
	return marked, err
}

// Remove implements target.Lister.
func (c *connector) Remove(ctx context.Context, found target.Marked) error {
	_, err := c.Revoke(ctx, target.Access{Key: found.Key})
	return err
}

func checkKey(key string) error {
	if !keyForm.MatchString(key) {
		return contract.Invalid("%.64q is not 32 hex digits", key).At("key").Advise("use the digest of the access")
	}
	return nil
}

// checkAccount refuses a name that no certificate may be issued for. What takes access away never asks: the pattern may
// have changed since.
func (c *connector) checkAccount(account string) error {
	if !principalForm.MatchString(account) || !c.accounts.MatchString(account) {
		return contract.Denied("%.200q is no account that this authority signs for", account).
			At("account").
			Advise("correct it in the directory, or let the target's accountPattern allow it")
	}
	return nil
}
