package webhook

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// No configuration can show it: "localhost" may lead elsewhere only where somebody has tampered with names.
func TestNothingIsSentInTheClearBeyondThisMachine(t *testing.T) {
	t.Parallel()
	g := guard{allow: closed, inTheClear: true}
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"} {
		require.NoError(t, g.control("tcp", address, nil), address)
	}
	for _, address := range []string{"10.0.0.1:80", "169.254.1.1:80", "[fe80::1%eth0]:80", "203.0.113.7:80", "[64:ff9b::a01:203]:80", "nonsense"} {
		require.Error(t, g.control("tcp", address, nil), address)
	}
	require.NoError(t, guard{}.check(netip.MustParseAddr("10.0.0.1")))
}
