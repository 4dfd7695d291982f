package promises

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/testserver/temporal"
	"curfew/starter/signin"
	"curfew/workflows/contract"
)

// askers is how many people ask beside those whose approvals are measured: one who floods, fifty who do the same
// together, and bystanders, who have signed in before.
const (
	bystanders = 10
	askers     = 1 + 50 + bystanders
)

// drowning is a served house in which everybody has a token, and askers could ask for very much.
type drowning struct {
	*served
	tokens    map[string]string // for the API
	passwords map[string]string // for the pages
}

func newDrowning(t testing.TB, options ...func(*house)) *drowning {
	t.Helper()
	d := &drowning{tokens: map[string]string{}, passwords: map[string]string{}}
	files := map[string]string{}
	tokens := "\nserviceTokens:\n"
	people := []string{alice, bob}
	var entries strings.Builder
	for n := range askers {
		people = append(people, asker(n))
		d.passwords[asker(n)] = rand.Text()
		files["pages-"+asker(n)] = d.passwords[asker(n)]
		fmt.Fprintf(
			&entries,
			"  %s: {name: %s, token: 'file:pages-%s', accounts: {orders-db: %s}}\n",
			asker(n),
			asker(n),
			asker(n),
			asker(n),
		)
	}
	for _, person := range people {
		token, hash := identity.NewServiceToken()
		d.tokens[person] = token.Reveal()
		tokens += fmt.Sprintf(
			"  t-%s: {person: %s, hash: %q, scopes: [ask, read, review, revoke], expires: 2099-01-01T00:00:00Z}\n",
			person,
			person,
			hash,
		)
	}
	d.served = newServed(
		t,
		append(options, func(h *house) { h.people, h.upkeep, h.files = entries.String(), h.upkeep+tokens, files })...)
	d.workInAProcess()
	d.serve()
	return d
}

func asker(n int) string { return fmt.Sprintf("asker-%02d", n) }

// answered is what the server said.
type answered struct {
	status int
	header http.Header
	body   string
}

// call calls the API in somebody's name.
func (d *drowning) call(ctx context.Context, person, method, path, body string) (answered, error) {
	request, err := http.NewRequestWithContext(ctx, method, d.url+path, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	request.Header.Set("Authorization", "Bearer "+d.tokens[person])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, string(text)}, err
}

const asksALot = `{"template":"untold","reason":"a flood"}`

// signIn signs somebody in to the pages, with a browser of their own.
func (d *drowning) signIn(ctx context.Context, person string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar}
	form := strings.NewReader(url.Values{"token": {d.passwords[person]}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+signin.PathSignIn, form)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", d.url)
	response, err := browser.Do(request)
	if err != nil {
		return nil, err
	}
	return browser, response.Body.Close()
}

// signedIn is true while a browser's session lasts.
func (d *drowning) signedIn(ctx context.Context, browser *http.Client, person string) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+signin.PathAccount, nil)
	if err != nil {
		return false, err
	}
	response, err := browser.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode == http.StatusOK && strings.Contains(string(text), person), err
}

// approval is how long Bob's approval of a request of Alice's takes, tried again while the
// server can't answer.
func (d *drowning) approval(ctx context.Context) (time.Duration, error) {
	asked, err := d.call(
		ctx,
		alice,
		http.MethodPost,
		"/v1/requests",
		`{"template":"untold","reason":"orders are late"}`,
	)
	if err != nil {
		return 0, err
	}
	var status contract.Status
	if err := json.Unmarshal([]byte(asked.body), &status); err != nil || asked.status != http.StatusCreated {
		return 0, fmt.Errorf("alice may not ask: %s", asked.body)
	}
	for began := time.Now(); ; {
		reviewed, err := d.call(
			ctx,
			bob,
			http.MethodPost,
			"/v1/requests/"+status.ID+"/reviews",
			`{"verdict":"approve"}`,
		)
		took := time.Since(began)
		if err != nil || reviewed.status == http.StatusOK {
			return took, err
		}
		again := reviewed.status == http.StatusServiceUnavailable || reviewed.status == http.StatusTooManyRequests
		if !again || took > patience {
			return took, fmt.Errorf("the approval fails: %s", reviewed.body)
		}
		wait, err := strconv.Atoi(reviewed.header.Get("Retry-After"))
		if err != nil {
			wait = 1
		}
		select {
		case <-time.After(time.Duration(wait) * time.Second):
		case <-ctx.Done():
			return took, ctx.Err()
		}
	}
}

func TestOnePersonsFloodKeepsNobodyElseFromAccess(t *testing.T) {
	t.Parallel()
	d := newDrowning(t)
	const flood = 250
	var mu sync.Mutex
	answers := map[int]int{}
	var beside sync.WaitGroup
	beside.Go(func() {
		inParallel(flood, func(int) {
			answer, err := d.call(t.Context(), asker(0), http.MethodPost, "/v1/requests", asksALot)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			answers[answer.status]++
			if wait, err := strconv.Atoi(
				answer.header.Get("Retry-After"),
			); answer.status == http.StatusTooManyRequests &&
				(err != nil || wait < 1) {
				t.Errorf("nobody is told when to come back: %v", answer.header)
			}
		})
	})
	for range 3 {
		_, err := d.approval(t.Context())
		require.NoError(t, err, "while somebody else floods")
	}
	beside.Wait()
	require.Equal(t, flood, answers[http.StatusCreated]+answers[http.StatusTooManyRequests], "%v", answers)
	require.Less(t, answers[http.StatusCreated], flood/2, "one person may make so many requests: %v", answers)
	require.NotZero(t, answers[http.StatusCreated], "a person may make some at once")
	require.Eventually(t, func() bool { return d.database.holds(d.database.alice) }, patience, 50*time.Millisecond)
}

// drown has people ask, and sign in to the pages, at a fixed rate for a while, and returns how long approvals of others
// took meanwhile, and how many asks were put off.
func (d *drowning) drown(b *testing.B, asks int, who func(int) string) (took samples, putOff int) {
	b.Helper()
	const every = 80 * time.Millisecond // 628 in 50 s
	var mu sync.Mutex
	var all sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := range asks {
		<-tick.C
		all.Go(func() {
			answer, err := d.call(b.Context(), who(n), http.MethodPost, "/v1/requests", asksALot)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || answer.status != http.StatusCreated {
				putOff++
			}
		})
		all.Go(func() {
			if _, err := d.signIn(b.Context(), who(n)); err != nil {
				b.Error(err)
			}
		})
		if n%10 == 0 {
			all.Go(func() {
				lasted, err := d.approval(b.Context())
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					b.Error(err)
				}
				took = append(took, lasted)
			})
		}
	}
	all.Wait()
	return took, putOff
}

// BenchmarkDrown: what an approval takes while one person asks and signs in 628 times in 50 s, beside the same load
// spread over fifty, and how many others lose their sessions.
func BenchmarkDrown(b *testing.B) {
	const asks = 628
	for range b.N {
		file := filepath.Join(b.TempDir(), "temporal.db")
		d := newDrowning(b, func(h *house) {
			h.server = []temporal.Option{temporal.InFile(file), temporal.Shift(50 * time.Millisecond)}
		})
		var browsers []*http.Client
		for n := range bystanders {
			browser, err := d.signIn(b.Context(), asker(askers-1-n))
			require.NoError(b, err)
			is, err := d.signedIn(b.Context(), browser, asker(askers-1-n))
			require.NoError(b, err)
			require.True(b, is)
			browsers = append(browsers, browser)
		}
		before := d.process.memory(b)
		byMany, _ := d.drown(b, asks, func(n int) string { return asker(1 + n%50) })
		spread := d.process.memory(b)
		byOne, putOff := d.drown(b, asks, func(int) string { return asker(0) })
		alone := d.process.memory(b)
		evicted := 0
		for n, browser := range browsers {
			still, err := d.signedIn(b.Context(), browser, asker(askers-1-n))
			require.NoError(b, err)
			if !still {
				evicted++
			}
		}
		byMany.report(b, "approval-beside-many")
		byOne.report(b, "approval-beside-one")
		b.ReportMetric(float64(p99(byOne))/float64(p99(byMany)), "one-to-many-p99")
		b.ReportMetric(float64(putOff), "put-off")
		b.ReportMetric(float64(evicted), "evicted")
		b.ReportMetric(float64(spread)/float64(before), "memory-after-many")
		b.ReportMetric(float64(alone)/float64(before), "memory-after-one")
	}
}

func p99(s samples) time.Duration {
	slices.Sort(s)
	return s[(len(s)*99+99)/100-1]
}

// memory is what a process has in memory now, in KiB.
func (p *process) memory(b *testing.B) (kib int) {
	b.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(b, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "VmRSS: %d kB", &kib); err == nil {
			return kib
		}
	}
	require.Fail(b, "the process does not say how much memory it has")
	return 0
}
