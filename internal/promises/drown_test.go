package promises

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/workflows/contract"
)

// flooder is who asks for very much.
const flooder = "flooder"

// drowning is a served house in which everybody who calls the API has a token.
type drowning struct {
	*served
	tokens map[string]string
}

func newDrowning(t testing.TB) *drowning {
	t.Helper()
	d := &drowning{tokens: map[string]string{}}
	tokens := "\nserviceTokens:\n"
	for _, person := range []string{alice, bob, flooder} {
		token, hash := identity.NewServiceToken()
		d.tokens[person] = token.Reveal()
		tokens += fmt.Sprintf(
			"  t-%s: {person: %s, hash: %q, scopes: [ask, read, review, revoke], expires: 2099-01-01T00:00:00Z}\n",
			person,
			person,
			hash,
		)
	}
	d.served = newServed(t, func(h *house) {
		h.people = "  flooder: {name: Flooder, accounts: {orders-db: flooder}}\n"
		h.upkeep += tokens
	})
	d.workInAProcess()
	d.serve()
	return d
}

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
			answer, err := d.call(t.Context(), flooder, http.MethodPost, "/v1/requests", asksALot)
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
