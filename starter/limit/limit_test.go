package limit

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

// requireTooMany holds that an error says when to try again.
func requireTooMany(t *testing.T, err error) {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, contract.KindTooMany, problem.Kind)
	require.Positive(t, problem.RetryAfter.Duration)
	require.LessOrEqual(t, problem.RetryAfter.Duration, time.Second)
}

// flood does something until it is refused, and returns how often it was not.
func flood(t *testing.T, do func() error) (done int) {
	t.Helper()
	for ; done < 10_000; done++ {
		if err := do(); err != nil {
			requireTooMany(t, err)
			return done
		}
	}
	t.Fatal("nothing is refused")
	return done
}

func TestWhoeverMakesTooManyCallsIsRefusedAndNobodyElse(t *testing.T) {
	t.Parallel()
	l := New(nil)
	require.GreaterOrEqual(t, flood(t, func() error { return l.Call("mallory", "a token") }), burstOfAToken)
	require.NoError(t, l.Call("mallory", "another"), "their person can still end what a program of theirs does")
	require.NoError(t, l.Call("alice", "hers"))

	require.GreaterOrEqual(t, flood(t, func() error { return l.Change("mallory") }), changesAtOnce)
	require.NoError(t, l.Change("alice"))

	require.GreaterOrEqual(t, flood(t, func() error { return l.Source("pd") }), deliveryBurst)
	require.NoError(t, l.Source("jira"))
}

func TestManyTokensGiveAPersonNoMoreThanOnePersonMay(t *testing.T) {
	t.Parallel()
	l := New(nil)
	n := 0
	began := time.Now()
	made := flood(t, func() error { n++; return l.Call("mallory", fmt.Sprint(n)) })
	require.LessOrEqual(t, made, burstOfAPerson+int(time.Since(began).Seconds()*callsOfAPerson)+1)
}

func TestWhoeverWasRefusedIsServedAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	l := New(nil)
	flood(t, func() error { return l.Change("mallory") })
	require.Eventually(t, func() bool { return l.Change("mallory") == nil }, pace.Patience(), 10*time.Millisecond)
}

func TestStrangersAreCountedByTheirAddress(t *testing.T) {
	t.Parallel()
	l := New([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	from := func(peer string, forwarded ...string) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = peer, forwarded
		return r
	}
	for _, test := range []struct {
		is string
		r  *http.Request
	}{
		{"192.0.2.1", from("192.0.2.1:4711")},
		{"192.0.2.1", from("192.0.2.1:4711", "198.51.100.1")},                             // no proxy
		{"198.51.100.1", from("10.1.2.3:4711", "198.51.100.1")},                           // a proxy
		{"198.51.100.1", from("10.1.2.3:4711", "203.0.113.9, 198.51.100.1, 10.9.9.9")},    // two proxies, and what a caller made up
		{"198.51.100.1", from("10.1.2.3:4711", "203.0.113.9", "198.51.100.1")},            // in two lines
		{"10.1.2.3", from("10.1.2.3:4711", "nonsense")},                                   // nothing is known
		{"198.51.100.1", from("[::ffff:10.1.2.3]:4711", "nonsense, ::ffff:198.51.100.1")}, // IPv4 in the clothes of IPv6
		{"2001:db8:1:2::/64", from("[2001:db8:1:2:3:4:5:6]:4711")},
		// with a port, as some proxies write it
		{"198.51.100.1", from("10.1.2.3:4711", "203.0.113.9:80, 198.51.100.1:4711, 10.9.9.9:1")},
		{"2001:db8:1:2::/64", from("10.1.2.3:4711", "[2001:db8:1:2::1]:80")},
		{"2001:db8:1:2::/64", from("10.1.2.3:4711", "[2001:db8:1:2::1]")},
		{"::/64", from("10.1.2.3:4711", "[::1]:80")},
		{"10.1.2.3", from("10.1.2.3:4711", "[198.51.100.1]")},
		{"10.1.2.3", from("10.1.2.3:4711", "198.51.100.1:")},
	} {
		require.Equal(t, test.is, l.Address(test.r))
	}
	flood(t, func() error { return l.Stranger(from("[2001:db8::1]:1")) })
	requireTooMany(t, l.Stranger(from("[2001:db8::2]:1")))
	require.NoError(t, l.Stranger(from("192.0.2.1:1")))
}

// body is a call with a body of a length, from an address.
func body(t *testing.T, address string, length int) *http.Request {
	r := httptest.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		"/",
		strings.NewReader(strings.Repeat("x", length)),
	)
	r.RemoteAddr = address + ":1"
	return r
}

func TestBodiesOfStrangersAreBoundedForEachAddressAndTogether(t *testing.T) {
	t.Parallel()
	l := New(nil)
	var held []func()
	read := func(address string, length int) error {
		r := body(t, address, length)
		held = append(held, l.Body(httptest.NewRecorder(), r))
		_, err := io.ReadAll(r.Body)
		return err
	}
	require.NoError(t, read("192.0.2.1", bytesOfAnAddress))
	err := read("192.0.2.1", 1)
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, contract.KindUnavailable, problem.Kind)
	require.Positive(t, problem.RetryAfter.Duration)

	for n := 2; n*bytesOfAnAddress <= bytesInFlight; n++ {
		require.NoError(t, read(fmt.Sprintf("192.0.2.%d", n), bytesOfAnAddress), "others have room")
	}
	require.Error(t, read("192.0.2.99", 1), "all of them together are bounded")
	for _, done := range held {
		done()
		done() // twice does no harm
	}
	require.Zero(t, l.bodies.all)
	require.Empty(t, l.bodies.by)
	require.NoError(t, read("192.0.2.1", 1))
}

func TestWhatIsRememberedOfCallersIsBounded(t *testing.T) {
	t.Parallel()
	b := newBuckets(1, 1)
	for n := range mostKnown + 100 {
		b.take(fmt.Sprint(n))
	}
	require.Equal(t, mostKnown, b.known.Len())
}

func TestWhatASourceDoesTooOftenInSomebodysNameHasItsTurnLater(t *testing.T) {
	t.Parallel()
	l := New(nil)
	n := 0
	began := time.Now()
	for ; l.Turn("jira", "mallory", fmt.Sprint(n)) == nil; n++ {
		require.Less(t, n, 1000, "nothing is put off")
	}
	require.GreaterOrEqual(t, n, changesAtOnce)
	require.NoError(t, l.Turn("jira", "mallory", "0"), "what has had its turn is not counted again")
	require.NoError(t, l.Turn("pd", "mallory", "0"), "another source is not kept waiting")
	require.NoError(t, l.Turn("jira", "alice", "0"), "nor is another person")
	require.NoError(t, l.Change("mallory"), "nor what they do themselves")

	wait := func(thing string) time.Duration {
		err := l.Turn("jira", "mallory", thing)
		if err == nil {
			return 0
		}
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, contract.KindTooMany, problem.Kind)
		return problem.RetryAfter.Duration
	}
	var last time.Duration
	for more := range 5 { // they wait one after another, not all for the same moment
		own := wait(fmt.Sprint("more ", more))
		require.Greater(t, own, last)
		last = own
	}
	require.Less(t, last, 10*time.Second+time.Since(began))
	require.LessOrEqual(t, wait("more 4"), last, "and come no later for asking again")
	require.Eventually(t, func() bool { return wait("more 4") == 0 }, 30*time.Second, 10*time.Millisecond)
}
