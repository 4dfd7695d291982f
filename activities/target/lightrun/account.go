package lightrun

import (
	"context"
	"strings"
	"unicode"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// maxAccount is the longest e-mail address, in bytes.
const maxAccount = 254

// checkAccount wants what can be somebody's e-mail address, by which Lightrun knows people.
func checkAccount(account string) error {
	name, domain, _ := strings.Cut(account, "@")
	if len(account) > maxAccount || name == "" || domain == "" || strings.ContainsFunc(account, unicode.IsControl) {
		return contract.Invalid("%q is not an e-mail address", outbound.Clip(account)).
			At("account").
			Advise("give the person their e-mail address in Lightrun")
	}
	return nil
}

// sameAccount compares two e-mail addresses as Lightrun does, without regard to case. Their lengths rule out letters
// that only look alike, such as the sign for Kelvin and a K.
func sameAccount(one, other string) bool {
	return len(one) == len(other) && strings.EqualFold(one, other)
}

// CheckAccount implements target.AccountChecker. The key for temporary accesses can't read users, so it is looked at
// for what can be seen from here.
func (*connector) CheckAccount(_ context.Context, account string) error { return checkAccount(account) }

// CheckAccount implements target.AccountChecker.
func (c *groupConnector) CheckAccount(ctx context.Context, account string) error {
	if err := checkAccount(account); err != nil {
		return err
	}
	return c.api.vetUser(ctx, account)
}
