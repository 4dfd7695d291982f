package outbound

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// No configuration can show it: "localhost" may lead elsewhere only where somebody has tampered with names.
func TestNothingIsSentInTheClearBeyondThisMachine(t *testing.T) {
	t.Parallel()
	g := Guard{Allow: closed, InTheClear: true}
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"} {
		require.NoError(t, g.control("tcp", address, nil), address)
	}
	for _, address := range []string{"10.0.0.1:80", "169.254.1.1:80", "[fe80::1%eth0]:80", "203.0.113.7:80", "[64:ff9b::a01:203]:80", "nonsense"} {
		require.Error(t, g.control("tcp", address, nil), address)
	}
	require.NoError(t, Guard{}.check(netip.MustParseAddr("10.0.0.1")))
}

func TestPublicOnlyClosesPrivateNetworks(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "192.0.0.192", "fd12:3456::1", "fec0::1",
		"::ffff:10.0.0.1", "64:ff9b::a00:1", "127.0.0.1", "::1", "169.254.169.254", "0.0.0.0",
	} {
		require.Error(t, Guard{PublicOnly: true}.check(netip.MustParseAddr(address)), address)
	}
	for _, address := range []string{"203.0.113.7", "172.32.0.1", "192.169.0.1", "2001:db8::1", "64:ff9b::cb00:7107"} {
		require.NoError(t, Guard{PublicOnly: true}.check(netip.MustParseAddr(address)), address)
	}
}

func TestThisMachineIsOpenedWithoutItsNeighbours(t *testing.T) {
	t.Parallel()
	g := Guard{Allow: Loopback()}
	for _, host := range []string{"127.0.0.1", "::1", "localhost", "10.0.0.1", "receiver.example.com"} {
		require.NoError(t, g.CheckHost(host), host)
	}
	for _, host := range []string{"169.254.169.254", "fe80::1", "168.63.129.16", "fd00:ec2::254"} {
		require.Error(t, g.CheckHost(host), host)
	}
}
