package outbound

import (
	"net/url"
	"strings"

	"curfew/workflows/contract"
)

// CheckAddress checks a setting that is the web address of another system, and returns the address without a slash at
// its end. Where something is sent there that nobody may read on the way, the address must be https or that of this
// machine; sends says what that is, and is empty where it does not matter. The error never repeats the address, which
// may hold a password.
func CheckAddress(field, address, like, sends string) (string, error) {
	parsed, err := url.Parse(address)
	var problem *contract.Problem
	switch {
	case address == "":
		problem = contract.Invalid("is missing")
	case err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "":
		problem = contract.Invalid("is no web address")
	case parsed.User != nil:
		problem = contract.Invalid("holds a user or password")
	case parsed.RawQuery != "" || parsed.Fragment != "":
		problem = contract.Invalid("holds more than a host and path")
	case sends != "" && InTheClear(address):
		return "", contract.Invalid("would send %s in the clear", sends).
			At(field).
			Advise("write it with https://; only a loopback address may do without")
	default:
		return strings.TrimRight(address, "/"), nil
	}
	return "", problem.At(field).Advise("write it like " + like)
}

// InTheClear is true for an address whose calls leave the machine without TLS.
func InTheClear(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Scheme == "http" && !IsLoopback(parsed.Hostname())
}
