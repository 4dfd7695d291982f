package outbound

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"curfew/workflows/contract"
)

const maxRanges = 32

// loopback is this machine.
var loopback = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("::1/128"),
}

// closed are called only where the settings allow it: this machine, its neighbours on the link, and where clouds hand
// out a machine's credentials beyond that.
var closed = append(slices.Clone(loopback),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure
	netip.MustParsePrefix("fd00:ec2::254/128"),  // AWS
	netip.MustParsePrefix("fd20:ce::254/128"),   // Google Cloud
)

// private are networks that the Internet does not know, a provider's own among them.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fec0::/10"),
}

// never are no server's addresses: unspecified (which reaches this machine), IPv4 within IPv6 as it is not done any
// more, multicast, reserved and broadcast.
var never = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("ff00::/8"),
}

// translated addresses stand for the IPv4 address in their last four bytes (NAT64).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// Guard decides which addresses are called, each time that a connection is made: a name may lead elsewhere by then. The
// zero value calls the Internet and private networks.
type Guard struct {
	// Allow are ranges that may be called all the same.
	Allow []netip.Prefix
	// PublicOnly closes private networks too.
	PublicOnly bool
	// InTheClear is true when nothing is encrypted, which no network may see.
	InTheClear bool
}

// Loopback are the addresses of this machine, for Guard.Allow.
func Loopback() []netip.Prefix { return slices.Clone(loopback) }

// control is for net.Dialer. The address is the one that is about to be connected to.
func (g Guard) control(_, address string, _ syscall.RawConn) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%s is no address: %w", address, err)
	}
	return g.check(parsed.Addr())
}

func (g Guard) check(address netip.Addr) error {
	address = plain(address)
	contains := func(prefix netip.Prefix) bool { return prefix.Contains(address) }
	switch {
	case g.InTheClear && !address.IsLoopback():
		return fmt.Errorf("%s is not called without https", address)
	case slices.ContainsFunc(g.Allow, contains):
		return nil
	case slices.ContainsFunc(closed, contains):
		return fmt.Errorf("%s is a loopback, link-local or metadata address that the settings do not allow", address)
	case g.PublicOnly && slices.ContainsFunc(private, contains):
		return fmt.Errorf("%s is in a private network, which the settings do not allow", address)
	case slices.ContainsFunc(never, contains):
		return fmt.Errorf("%s is no address of a server", address)
	default:
		return nil
	}
}

// CheckHost checks ahead of any call what can be checked: names other than localhost are resolved only when they are
// called.
func (g Guard) CheckHost(host string) error {
	if host == "localhost" {
		if g.check(netip.IPv6Loopback()) == nil {
			return nil
		}
		return g.check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return g.check(address)
	}
	return nil
}

// IsLoopback is true for a host that is this machine by its name or address.
func IsLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && plain(address).IsLoopback()
}

// plain is the address that another form stands for, without a zone: no range contains an address that has one.
func plain(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if translated.Contains(address) {
		bytes := address.As16()
		return netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return address
}

// Ranges reads what may be called all the same, from the setting "allow". What is open anyway may not be named: it
// would look as if nothing else was.
func Ranges(texts []string) ([]netip.Prefix, error) {
	if len(texts) > maxRanges {
		return nil, contract.Invalid("names %d ranges", len(texts)).
			At("allow").
			Advise(fmt.Sprintf("name at most %d", maxRanges))
	}
	parsed := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		field := fmt.Sprintf("allow[%d]", i)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, contract.Invalid("is no range of addresses").At(field).Advise("write it like 127.0.0.0/8")
		}
		within := func(outer netip.Prefix) bool { return outer.Bits() <= prefix.Bits() && outer.Contains(prefix.Addr()) }
		if !slices.ContainsFunc(closed, within) {
			return nil, contract.Invalid("%s has other addresses than loopback and link-local ones", prefix).
				At(field).
				Advise("name only what is closed otherwise, like 127.0.0.0/8, ::1/128 or 169.254.10.0/24")
		}
		parsed[i] = prefix.Masked()
	}
	return parsed, nil
}
