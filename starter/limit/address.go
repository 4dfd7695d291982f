package limit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// subnet is what one caller has of IPv6, in bits.
const subnet = 64

// Address is where a call comes from, as far as proxies that are trusted say so; a subnet for IPv6.
func (l *Limits) Address(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	at := from.Addr()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		before, known := hopAddress(strings.TrimSpace(hop))
		if !known || !l.trusts(at) {
			break
		}
		at = before
	}
	if at = at.Unmap().WithZone(""); at.Is6() {
		if prefix, err := at.Prefix(subnet); err == nil {
			return prefix.String()
		}
	}
	return at.String()
}

// hopAddress reads one entry of X-Forwarded-For. Some proxies write the port too, or the brackets of IPv6.
func hopAddress(hop string) (netip.Addr, bool) {
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return with.Addr(), true
	}
	if inside, opened := strings.CutPrefix(hop, "["); opened {
		hop, opened = strings.CutSuffix(inside, "]")
		at, err := netip.ParseAddr(hop)
		return at, opened && err == nil && at.Is6()
	}
	at, err := netip.ParseAddr(hop)
	return at, err == nil
}

func (l *Limits) trusts(at netip.Addr) bool {
	return slices.ContainsFunc(l.proxies, func(proxy netip.Prefix) bool { return proxy.Contains(at.Unmap()) })
}
