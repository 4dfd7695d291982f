package rehearsal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/policy/rehearsal"
	"curfew/workflows/contract"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func hours(n time.Duration) contract.Duration { return contract.Duration{Duration: n * time.Hour} }

func house() *config.Config {
	return &config.Config{
		Directory: people.Directory{
			People: map[string]people.Person{"ada": {}, "grace": {}, "edsger": {}},
			Groups: map[string]people.Group{"ops": {People: []string{"grace"}}},
		},
		Templates: map[string]config.Template{"debug": {
			Digest:     "d",
			Duration:   config.Durations{Default: hours(1), Max: hours(4)},
			Ticket:     config.Ticket{Use: config.TicketRequired, Statuses: []string{"Open"}},
			Requesters: config.Requesters{Groups: []string{"devs", "ops"}},
			Incident:   &config.Incident{OnCall: 1},
			Approvals:  []config.ApprovalRule{{Name: "ops", Groups: []string{"ops"}, Approve: 1, Deny: 1}},
			Constraints: []config.Constraint{{
				Name: "by-day", Message: "ask by day", Condition: `now.getHours() >= 8 && "devs" in requester.groups`,
			}},
		}},
	}
}

const cases = `
cases:
  - name: approved by a member of the group
    template: debug
    requester: ada
    groups: {devs: [ada]}
    ticket: {key: OPS-7, status: Open}
    incident: {id: P1, onCall: 1}
    reviews: [{by: grace, verdict: approve, after: 5m, duration: 30m}]
    want: {ruling: grant, why: approved by grace, duration: 30m}
  - name: waits
    template: debug
    requester: ada
    groups: {devs: [ada], ops: [edsger, grace]}
    ticket: {key: OPS-7, status: Open}
    incident: {id: P1, onCall: 1}
    want: {ruling: review, from: [grace, edsger]}
  - name: at night
    template: debug
    requester: ada
    time: 2026-03-02T03:00:00Z
    groups: {devs: [ada]}
    ticket: {key: OPS-7, status: Open}
    incident: {id: P1, onCall: 1}
    want: {ruling: deny, why: ask by day}
  - name: without anything
    template: debug
    requester: edsger
    ticket: {key: OPS-7, missing: true}
    want:
      ruling: deny
      why: edsger may not ask for debug; the ticket OPS-7 was not found; the template asks for an incident, and none is named; ask by day
  - name: extended too far
    template: debug
    requester: ada
    duration: 4h
    groups: {devs: [ada]}
    extension: {by: 1s, earlier: 1}
    reviews: [{by: grace, verdict: approve}]
    want: {ruling: deny, why: the duration 4h0m1s is over the template's maximum of 4h}
`

func read(t *testing.T, text string) ([]rehearsal.Case, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cases.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return rehearsal.Read(file)
}

func TestCasesAreDecidedByTheConfigurationsRules(t *testing.T) {
	t.Parallel()
	table, err := read(t, cases)
	require.NoError(t, err)
	require.Len(t, table, 5)
	for _, one := range table {
		outcome, err := rehearsal.Play(house(), one, now)
		require.NoError(t, err)
		require.Empty(t, outcome.Differences, one.Name)
	}
}

func TestWhatIsNotAsItWasToBeIsTold(t *testing.T) {
	t.Parallel()
	table, err := read(t, cases)
	require.NoError(t, err)
	one := table[0]
	one.Want = rehearsal.Want{Ruling: contract.RulingDeny, Why: "because", Duration: hours(1), From: []string{"ada"}}
	outcome, err := rehearsal.Play(house(), one, now)
	require.NoError(t, err)
	require.Equal(t, []rehearsal.Difference{
		{
			"ruling",
			"deny",
			"grant",
		},
		{"why", "because", "approved by grace"},
		{"duration", "1h", "30m"},
		{"from", "ada", ""},
	}, outcome.Differences)

	one.Template = "none"
	_, err = rehearsal.Play(house(), one, now)
	require.ErrorContains(t, err, `there is no template "none"`)
}

func TestP9_AMistakeInATableIsExplained(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "cases",
		"cases: []":          "it has 0 cases",
		"cases: [{nmae: x}]": "nmae",
		"cases: [{name: x}]": "case 1 (x): template and requester must be there",
		"cases: [{template: t, requester: r, want: {ruling: yes}}]":                                   `want.ruling is "yes"`,
		"cases: [{template: t, requester: r, want: {ruling: deny}, reviews: [{by: b, verdict: ok}]}]": `the verdict of b is "ok"`,
		"cases: [{template: t, requester: r, want: {ruling: deny}, duration: soon}]":                  "soon",
		"cases: [" + strings.Repeat("{template: t},", 10_001) + "]":                                   "it has 10001 cases",
		strings.Repeat("#", 1<<20+1): "larger than 1024 KiB",
	} {
		_, err := read(t, text)
		require.ErrorContains(t, err, want)
		_, ok := contract.ProblemOf(err)
		require.True(t, ok)
	}
	_, err := rehearsal.Read(filepath.Join(t.TempDir(), "missing"))
	require.ErrorContains(t, err, "no such file")
}
