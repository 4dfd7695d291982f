package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/starter"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

// The page that says who may do what. What is between the marks is written by -update and read by these tests.
const (
	accessPage  = "../../docs/security.md"
	accessBegin = "<!-- access table -->\n"
	accessEnd   = "<!-- end -->"
)

func TestThePageSaysWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(accessPage)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), accessBegin)
	require.True(t, found, "%s has no place for the table", accessPage)
	_, after, found := strings.Cut(rest, accessEnd)
	require.True(t, found)
	wanted := before + accessBegin + accessTable() + accessEnd + after
	if *update {
		require.NoError(t, os.WriteFile(accessPage, []byte(wanted), 0o644))
		return
	}
	require.Equal(t, wanted, string(page), "run go test ./starter/api -update, and look at what has changed")
}

// accessTable has a row for each operation and a column for each role.
func accessTable() string {
	var text strings.Builder
	row := func(cells ...string) { text.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	head := []string{"operation", "scope"}
	for _, role := range starter.Roles() {
		head = append(head, string(role))
	}
	row(append(head, "while")...)
	text.WriteString(strings.Repeat("|---", len(head)+1) + "|\n")
	for _, rule := range starter.Rules() {
		cells := []string{"`" + string(rule.Operation) + "`", rule.Scope}
		for _, role := range starter.Roles() {
			cells = append(cells, verdictOf(rule, role))
		}
		row(append(cells, moments(rule))...)
	}
	return text.String()
}

func verdictOf(rule starter.Rule, role starter.Role) string {
	switch {
	case slices.Contains(rule.Never, role):
		return "never"
	case slices.Contains(rule.May, role):
		return "yes"
	}
	return ""
}

// waits is a moment in the life of active access.
const waits = "an extension or a break-glass review waits"

func moments(rule starter.Rule) string {
	var words []string
	for _, state := range rule.In {
		words = append(words, string(state))
	}
	if rule.WhenAsked {
		words = append(words, waits)
	}
	return strings.Join(words, ", ")
}

// told is one row of the page.
type told struct {
	yes, never []starter.Role
	while      []string // all moments when empty
}

func (r told) allows(roles ...starter.Role) bool {
	has := func(list []starter.Role) bool {
		return slices.ContainsFunc(roles, func(role starter.Role) bool { return slices.Contains(list, role) })
	}
	return has(r.yes) && !has(r.never)
}

func (r told) fits(moment string) bool { return len(r.while) == 0 || slices.Contains(r.while, moment) }

func readAccessTable(t *testing.T) map[string]told {
	t.Helper()
	page, err := os.ReadFile(accessPage)
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(page), accessBegin)
	text, _, _ := strings.Cut(rest, accessEnd)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	cells := func(line string) []string {
		parts := strings.Split(strings.Trim(line, "|"), "|")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		return parts
	}
	head, table := cells(lines[0]), map[string]told{}
	for _, line := range lines[2:] {
		row, said := cells(line), told{}
		for i, cell := range row {
			switch {
			case cell == "yes":
				said.yes = append(said.yes, starter.Role(head[i]))
			case cell == "never":
				said.never = append(said.never, starter.Role(head[i]))
			case head[i] == "while" && cell != "":
				said.while = strings.Split(cell, ", ")
			}
		}
		table[strings.Trim(row[0], "`")] = said
	}
	return table
}

// ownership is who asks for whom.
type ownership struct{ requester, subject string }

// Everybody tries everything, on requests of others and of their own, at every moment that matters.
func TestWhatThePageSaysIsWhatTheAPIDoes(t *testing.T) {
	t.Parallel()
	table, d := readAccessTable(t), atWork(t)
	tried := map[string]bool{}
	for name := range elsewhere {
		tried[name] = true
		d.tryElsewhere(t, name, table[name])
	}
	thawed, body := d.do(t, "oscar", http.MethodPost, "/v1/thaw", `{"reason":"it was a rehearsal"}`)
	require.Equal(t, http.StatusOK, thawed.StatusCode, body)
	for name := range onRequest {
		tried[name] = true
	}
	for name := range table {
		require.True(t, tried[name], "nobody has tried %s", name)
	}
	require.Len(t, table, len(tried))

	for name, owned := range map[string]ownership{
		"for somebody else":     {"alice", "bob"},
		"for another reviewer":  {"alice", "carol"},
		"an admin's, reviewing": {"ada", "ada"},
		"an auditor's own":      {"audrey", "audrey"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, moment := range []string{"pending", "active", waits, "ended"} {
				d.tryOn(t, owned, moment, table)
			}
		})
	}
}

// given are the roles that people have by the configuration. The reviewers are in a list of their own.
func given(person string) []starter.Role {
	roles := []starter.Role{starter.RolePerson}
	switch person {
	case "audrey":
		roles = append(roles, starter.RoleAuditor)
	case "oscar":
		roles = append(roles, starter.RoleOperator)
	case "ada":
		roles = append(roles, starter.RoleAdmin, starter.RoleOperator)
	}
	return roles
}

// in are the roles that a person has in a request.
func (o ownership) in(person string) []starter.Role {
	roles := given(person)
	if person == o.requester {
		roles = append(roles, starter.RoleRequester)
	}
	if person == o.subject {
		roles = append(roles, starter.RoleSubject)
	}
	if slices.Contains(reviewers, person) {
		roles = append(roles, starter.RoleReviewer)
	}
	return roles
}

// attempt is how an operation is called.
type attempt struct{ method, path, body string }

// elsewhere are the operations that are about no one request.
var elsewhere = map[string]attempt{
	"ask":              {http.MethodPost, "/v1/requests", `{"template":"shell","reason":"a look"}`},
	"list":             {http.MethodGet, "/v1/requests", ""},
	"templates":        {http.MethodGet, "/v1/templates", ""},
	"me":               {http.MethodGet, "/v1/me", ""},
	"stuck":            {http.MethodGet, "/v1/stuck", ""},
	"alarms":           {http.MethodGet, "/v1/alarms", ""},
	"sweep":            {http.MethodPost, "/v1/sweeps", `{"dryRun":true}`},
	"retryStuck":       {http.MethodPost, "/v1/stuck/retry", `{"grant":"` + noGrant + `"}`},
	"takeOverStuck":    {http.MethodPost, "/v1/stuck/takeover", `{"grant":"` + noGrant + `","reason":"it is gone"}`},
	"end":              {http.MethodPost, "/v1/ends", `{"person":"bob","reason":"a rehearsal","dryRun":true}`},
	"frozen":           {http.MethodGet, "/v1/freeze", ""},
	"freeze":           {http.MethodPost, "/v1/freeze", `{"reason":"a rehearsal"}`},
	"thaw":             {http.MethodPost, "/v1/thaw", `{"reason":"a rehearsal"}`},
	"holders":          {http.MethodGet, "/v1/holders", ""},
	"confirmDirectory": {http.MethodPost, "/v1/directory/confirmation", `{"digest":"` + noDirectory + `"}`},
}

// noDirectory is the digest of a directory that is not there.
const noDirectory = "0000000000000000000000000000000000000000000000000000000000000000"

// noGrant is the id of a grant that is not there: whoever may look for it is told so.
const noGrant = "grant/shells/00000000000000000000000000000000/bob"

// onRequest are the operations on one request.
var onRequest = map[string]attempt{
	"show":          {http.MethodGet, "", ""},
	"reviewSubject": {http.MethodGet, "/review-subject", ""},
	"events":        {http.MethodGet, "/events", ""},
	"decisions":     {http.MethodGet, "/decisions", ""},
	"review":        {http.MethodPost, "/reviews", `{"verdict":"approve"}`},
	"extend":        {http.MethodPost, "/extensions", `{"duration":"10m","reason":"more"}`},
	"certify":       {http.MethodPost, "/certificates", `{"publicKey":"ssh-ed25519 AAAA"}`},
	"cancel":        {http.MethodPost, "/cancellation", `{}`},
	"revoke":        {http.MethodPost, "/revocation", `{"reason":"done"}`},
}

func (d *entry) tryElsewhere(t *testing.T, name string, row told) {
	t.Helper()
	for _, person := range everybody {
		call := elsewhere[name]
		response, body := d.do(t, person, call.method, call.path, call.body)
		switch {
		case !row.allows(given(person)...):
			refused(t, response, body, http.StatusForbidden)
		case strings.Contains(call.body, noGrant):
			require.Equal(t, "body.grant", refused(t, response, body, http.StatusNotFound).Errors[0].Location)
		case strings.Contains(call.body, noDirectory):
			require.Equal(t, "body.digest", refused(t, response, body, http.StatusConflict).Errors[0].Location)
		default:
			require.Less(t, response.StatusCode, 300, "%s as %s: %s", name, person, body)
		}
	}
}

// tryOn has everybody try everything on a request. What a success changes is a request of its own.
func (d *entry) tryOn(t *testing.T, owned ownership, moment string, table map[string]told) {
	t.Helper()
	shared := d.bring(t, owned, moment)
	for _, person := range everybody {
		roles := owned.in(person)
		visible, may := table["show"].allows(roles...), d.Starter.Current().May(t.Context(), person, shared)
		require.Equal(t, visible, d.lists(t, person, shared), "list as %s", person)
		for name, call := range onRequest {
			row := table[name]
			if moment == waits && !slices.Contains(row.while, waits) {
				continue // it is as at any other moment of active access
			}
			status, id := http.StatusOK, shared.ID
			switch {
			case !visible:
				status = http.StatusNotFound
			case !row.allows(roles...):
				status = http.StatusForbidden
			case !row.fits(moment):
				status = http.StatusConflict
			case call.method != http.MethodGet:
				id = d.bring(t, owned, moment).ID
			}
			response, body := d.do(t, person, call.method, "/v1/requests/"+id+call.path, call.body)
			require.Equal(t, status, response.StatusCode, "%s of a request that is %s, asked by %s for %s, as %s: %s",
				name, moment, owned.requester, owned.subject, person, body)
			require.Equal(
				t,
				status == http.StatusOK,
				slices.Contains(may, starter.Operation(name)),
				"offer %s as %s",
				name,
				person,
			)
		}
	}
}

// lists is true when a person's list has the request.
func (d *entry) lists(t *testing.T, person string, status contract.Status) bool {
	t.Helper()
	response, body := d.do(t, person, http.MethodGet, "/v1/requests?limit=500", "")
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	var page api.Page
	require.NoError(t, json.Unmarshal([]byte(body), &page))
	return slices.ContainsFunc(page.Requests, func(s contract.Status) bool { return s.ID == status.ID })
}

// bring makes a request and brings it to a moment of its life.
func (d *entry) bring(t *testing.T, owned ownership, moment string) contract.Status {
	t.Helper()
	id := ulid.Make().String()
	d.must(t, owned.requester, "", `{"id":"`+id+`","template":"shell","subject":"`+owned.subject+`","reason":"a look"}`)
	status := d.await(t, id, contract.StatePending)
	switch moment {
	case "ended":
		d.must(t, owned.requester, "/"+id+"/cancellation", `{}`)
		return d.await(t, id, contract.StateEnded)
	case "active", waits:
		d.must(t, "gail", "/"+id+"/reviews", `{"verdict":"approve"}`)
		status = d.await(t, id, contract.StateActive)
	}
	if moment == waits {
		d.must(t, owned.requester, "/"+id+"/extensions", `{"duration":"5m","reason":"a little more"}`)
		status = d.await(t, id, contract.StateActive)
		require.NotNil(t, status.Extension)
	}
	return status
}

// must calls an operation below /v1/requests that has to work.
func (d *entry) must(t *testing.T, person, path, body string) {
	t.Helper()
	response, answer := d.do(t, person, http.MethodPost, "/v1/requests"+path, body)
	require.Less(t, response.StatusCode, 300, answer)
}

// await waits until a request is in a state, also in the ledger, where lists are read.
func (d *entry) await(t *testing.T, id string, state contract.State) (status contract.Status) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		status, err = d.Starter.Current().Get(context.WithoutCancel(t.Context()), "audrey", id)
		known, _, unknown := d.Ledger.Request(context.WithoutCancel(t.Context()), id)
		return err == nil && unknown == nil && status.State == state && known.Seq == status.Seq
	}, time.Minute, 20*time.Millisecond)
	return status
}
