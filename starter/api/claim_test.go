package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/testserver/oidc"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

// provided is a house whose reviewers are those whom the provider calls Platform Team.
type provided struct {
	*entry
	provider *oidc.Server
}

func byClaim(t *testing.T) *provided {
	t.Helper()
	provider := oidc.Start(t, oidc.Options{})
	d := atWork(t, func(c *config.Config) {
		c.OIDC = &people.OIDC{
			Issuer:      provider.Issuer,
			ClientID:    oidc.WebClient,
			CLIClientID: oidc.CLIClient,
			PersonClaim: people.ClaimSubject,
			Groups: people.OIDCGroups{
				Claim:    "groups",
				Optional: true,
				Lasts:    contract.Duration{Duration: time.Hour},
			},
		}
		for id, person := range c.People {
			person.Subject = id
			c.People[id] = person
		}
		c.Groups = map[string]people.Group{"platform": {Claim: "Platform Team"}}
		shell := c.Templates["shell"]
		shell.Approval = config.Approval{}
		shell.Approvals = []config.ApprovalRule{{Name: "platform", Approve: 1, Deny: 1, Groups: []string{"platform"}}}
		c.Templates["shell"] = shell
	})
	return &provided{d, provider}
}

// token is what the provider gives somebody who signed in some time ago.
func (p *provided) token(t *testing.T, person string, ago time.Duration, groups ...string) string {
	t.Helper()
	at := time.Now().Add(-ago)
	return p.provider.Key().Sign(t, map[string]any{
		"iss":    p.provider.Issuer,
		"sub":    person,
		"aud":    oidc.CLIClient,
		"iat":    at.Unix(),
		"exp":    at.Add(10 * time.Hour).Unix(),
		"groups": groups,
	}, nil)
}

// inbox is what waits for a review of somebody's.
func (p *provided) inbox(t *testing.T, token string) []string {
	t.Helper()
	response, body := p.bear(t, token, http.MethodGet, "/v1/requests?toReview=true", "")
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	var page api.Page
	require.NoError(t, json.Unmarshal([]byte(body), &page))
	var found []string
	for _, status := range page.Requests {
		found = append(found, status.ID)
	}
	return found
}

func TestWhoeverSignsInAsAMemberMayReviewWhatWaits(t *testing.T) {
	t.Parallel()
	p := byClaim(t)
	id := ulid.Make().String()
	p.must(t, "alice", "", `{"id":"`+id+`","template":"shell","reason":"a look"}`)
	status := p.await(t, id, contract.StatePending)
	require.Empty(t, status.Reviewers, "nobody is known to be a member yet, and it waits all the same")

	stranger := p.token(t, "dave", 0, "Other Team", "platform")
	response, body := p.bear(t, stranger, http.MethodGet, "/v1/requests/"+id, "")
	refused(t, response, body, http.StatusNotFound)
	require.Empty(t, p.inbox(t, stranger))
	long := p.token(t, "dave", 2*time.Hour, "Platform Team")
	response, body = p.bear(t, long, http.MethodGet, "/v1/requests/"+id, "")
	refused(t, response, body, http.StatusNotFound)
	own := p.token(t, "alice", 0, "Platform Team")
	response, body = p.bear(t, own, http.MethodPost, "/v1/requests/"+id+"/reviews", `{"verdict":"approve"}`)
	refused(t, response, body, http.StatusForbidden)

	member := p.token(t, "carol", 0, "Platform Team")
	require.Equal(t, []string{id}, p.inbox(t, member))
	response, body = p.bear(t, member, http.MethodPost, "/v1/requests/"+id+"/reviews", `{"verdict":"approve"}`)
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	status = p.await(t, id, contract.StateActive)
	require.True(t, slices.ContainsFunc(status.Reviews, func(r contract.Review) bool { return r.Reviewer == "carol" }))
	require.Empty(t, p.inbox(t, member))
}

func TestOnlyGroupsThatTheConfigurationNamesAreRemembered(t *testing.T) {
	t.Parallel()
	p := byClaim(t)
	at := time.Now().Add(-time.Hour)
	p.inbox(t, p.token(t, "carol", 0, "Works Council", "Platform Team"))
	_, body := p.do(t, "dave", http.MethodGet, "/v1/me", "") // by another means, which names no groups
	require.Contains(t, body, "dave")

	seen, err := p.Ledger.Seen(t.Context(), at)

	require.NoError(t, err)
	require.Len(t, seen, 1)
	require.Equal(t, "carol", seen[0].Person)
	require.Equal(t, []string{"Platform Team"}, seen[0].Groups)
}

func TestAnEarlierSignInDoesNotBringBackWhatALaterOneHasTaken(t *testing.T) {
	t.Parallel()
	p := byClaim(t)
	id := ulid.Make().String()
	p.must(t, "alice", "", `{"id":"`+id+`","template":"shell","reason":"a look"}`)
	p.await(t, id, contract.StatePending)
	earlier, later := p.token(t, "carol", 30*time.Minute, "Platform Team"), p.token(t, "carol", 0, "Other Team")
	require.Equal(t, []string{id}, p.inbox(t, earlier))
	require.Empty(t, p.inbox(t, later))

	require.Empty(t, p.inbox(t, earlier))
	response, body := p.bear(t, earlier, http.MethodPost, "/v1/requests/"+id+"/reviews", `{"verdict":"approve"}`)
	refused(t, response, body, http.StatusNotFound)
}
