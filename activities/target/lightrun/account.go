package lightrun

import (
	"strings"
	"unicode"

	"curfew/workflows/contract"
)

// maxAccount is the longest e-mail address, in bytes.
const maxAccount = 254

// checkAccount wants what can be somebody's e-mail address, by which Lightrun knows people.
func checkAccount(account string) error {
	if len(account) > maxAccount || !strings.Contains(account, "@") || strings.ContainsFunc(account, unicode.IsControl) {
		return contract.Problemf(contract.KindInvalid, "account", "give the person their e-mail address in Lightrun",
			"%q is not an e-mail address", clip(account))
	}
	return nil
}

// sameAccount compares two e-mail addresses as Lightrun does, without regard to case. Their lengths rule out letters that
// only look alike, such as the sign for Kelvin and a K.
func sameAccount(one, other string) bool {
	return len(one) == len(other) && strings.EqualFold(one, other)
}
