package strictyaml

import (
	"net/url"
	"strings"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// Address checks a web address, and returns it as links are built on it. It may hold a password, so no message repeats
// it.
func (r *Reader) Address(raw string, at Path) string {
	const like = "write it like https://curfew.example.com"
	parsed, err := url.Parse(raw)
	switch {
	case err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "":
		r.Wrong(at, contract.Invalid("is no web address").Advise(like))
	case parsed.User != nil:
		r.Wrong(at, contract.Invalid("holds a user or password").Advise(like))
	case parsed.RawQuery != "" || parsed.Fragment != "":
		r.Wrong(at, contract.Invalid("holds more than a host and path").Advise(like))
	}
	return strings.TrimRight(raw, "/")
}

// Encrypted holds that what must not be read on the way goes over TLS, or does not leave the machine.
func (r *Reader) Encrypted(address, what string, at Path) {
	if outbound.InTheClear(address) {
		r.Wrong(at, contract.Invalid("would send %s in the clear", what).
			Advise("write it with https://; only a loopback address may do without"))
	}
}
