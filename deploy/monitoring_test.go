package deploy_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"curfew/internal/config"
	"curfew/internal/metrics"
	"curfew/internal/reload"
	"curfew/workflows/contract"
)

const runbooks = "../docs/runbooks"

// alert is a rule of Prometheus.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) (rules []alert) {
	t.Helper()
	text, err := os.ReadFile("prometheus/alerts.yaml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string  `yaml:"name"`
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	require.NotEmpty(t, rules)
	return rules
}

// panels are the queries of all dashboards, by file and title.
func panels(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("grafana/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	queries := map[string][]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var dashboard struct {
			Panels []struct {
				Title   string `json:"title"`
				Targets []struct {
					Expr string `json:"expr"`
				} `json:"targets"`
			} `json:"panels"`
		}
		require.NoError(t, json.Unmarshal(text, &dashboard))
		require.NotEmpty(t, dashboard.Panels, name)
		for _, panel := range dashboard.Panels {
			require.NotEmpty(t, panel.Targets, panel.Title)
			for _, target := range panel.Targets {
				queries[name+": "+panel.Title] = append(queries[name+": "+panel.Title], target.Expr)
			}
		}
	}
	return queries
}

// exported are the names of the series that a process exports, with the labels of each.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	m := metrics.New(reload.Fixed(&config.Config{}))
	failed := errors.New("it failed")
	now := time.Now()
	m.Recorded(nil, []contract.Event{
		{Kind: contract.EventApproved, At: now},
		{Kind: contract.EventGranted, At: now},
		{Kind: contract.EventExpired, At: now},
	}, contract.Status{State: contract.StateEnded, Outcome: contract.OutcomeExpired, AskedAt: now})
	m.Ended("a", "grant", time.Second)
	m.EndsWaiting(1)
	m.TargetCalled("a", "Grant", time.Second, failed)
	m.LedgerCalled("Append", time.Second, failed)
	m.HoldingLocked(time.Second)
	m.AlarmRaised(contract.AlarmLate)
	m.OutboxEmptied("ticket", 1, now, nil)
	m.OutboxEmptied("ticket", 1, now, failed)
	m.Notified("a", 1, 1, 1)
	m.WebhookAnswered("a", http.StatusOK)
	m.Counted(metrics.Census{
		At:       now,
		Requests: []metrics.RequestCount{{State: contract.StateActive, Requests: 1}},
		Grants:   []metrics.GrantCount{{Target: "a"}},
	})
	families, err := m.Registry().Gather()
	require.NoError(t, err)
	// Prometheus makes the first itself, and labels everything that it scrapes with job and instance.
	names := map[string][]string{"up": {"job", "instance"}}
	for _, family := range families {
		labels := []string{"job", "instance"}
		for _, label := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, label.GetName())
		}
		names[family.GetName()] = labels
		if family.GetMetric()[0].GetHistogram() != nil {
			delete(names, family.GetName())
			names[family.GetName()+"_bucket"] = append(slices.Clone(labels), "le")
			names[family.GetName()+"_sum"], names[family.GetName()+"_count"] = labels, labels
		}
	}
	return names
}

var (
	quoted    = regexp.MustCompile(`"[^"]*"`)
	ranges    = regexp.MustCompile(`\[[^]]*\]`)
	groupings = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	matchers  = regexp.MustCompile(`\{([^}]*)\}`)
	word      = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
)

// language are the words of PromQL that the files use.
var language = []string{
	"sum", "max", "min", "rate", "increase", "histogram_quantile", "time", "vector", "absent", "or", "and", "unless",
}

// namesIn takes a query apart: the series and the labels that it names.
func namesIn(query string) (series, labels []string) {
	query = ranges.ReplaceAllString(quoted.ReplaceAllString(query, ""), "")
	for _, part := range []*regexp.Regexp{groupings, matchers} {
		for _, found := range part.FindAllStringSubmatch(query, -1) {
			labels = append(labels, word.FindAllString(found[1], -1)...)
		}
		query = part.ReplaceAllString(query, " ")
	}
	for _, name := range word.FindAllString(query, -1) {
		if !slices.Contains(language, name) {
			series = append(series, name)
		}
	}
	return series, labels
}

func TestAlertsAndDashboardsNameOnlyMetricsThatExist(t *testing.T) {
	t.Parallel()
	queries := panels(t)
	for _, rule := range alerts(t) {
		queries["alert "+rule.Alert] = []string{rule.Expr}
	}
	there := exported(t)
	for where, all := range queries {
		for _, query := range all {
			series, labels := namesIn(query)
			require.NotEmpty(t, series, "%s: %s names no metric", where, query)
			var known []string
			for _, name := range series {
				require.Contains(t, there, name, "%s names a metric that no process exports: %s", where, query)
				known = append(known, there[name]...)
			}
			for _, label := range labels {
				require.Contains(t, known, label, "%s names a label that none of its metrics has: %s", where, query)
			}
		}
	}
}

func TestThePageOfTheMetricsListsThoseThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/metrics.md")
	require.NoError(t, err)
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(curfew_[a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, row[1])
	}
	var there []string
	for name := range exported(t) {
		name = regexp.MustCompile(`_seconds_(bucket|sum|count)$`).ReplaceAllString(name, "_seconds")
		name = regexp.MustCompile(`_outbox_events_(bucket|sum|count)$`).ReplaceAllString(name, "_outbox_events")
		if strings.HasPrefix(name, "curfew_") && !slices.Contains(there, name) {
			there = append(there, name)
		}
	}
	require.ElementsMatch(t, there, listed)
}

func TestEveryAlertHasItsRunbookAndEveryRunbookItsAlert(t *testing.T) {
	t.Parallel()
	var wanted []string
	list, err := os.ReadFile(filepath.Join(runbooks, "README.md"))
	require.NoError(t, err)
	for _, rule := range alerts(t) {
		page := rule.Alert + ".md"
		wanted = append(wanted, page)
		require.Equal(t, "docs/runbooks/"+page, rule.Annotations["runbook"])
		require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		require.Contains(t, []string{"warning", "critical"}, rule.Labels["severity"], rule.Alert)
		text, err := os.ReadFile(filepath.Join(runbooks, page))
		require.NoError(t, err, "%s has no page", rule.Alert)
		require.True(t, strings.HasPrefix(string(text), "# "+rule.Alert+"\n"), page)
		for _, heading := range []string{
			"What it means", "What to look at", "What to do", "When it is over",
		} {
			require.Regexp(t, "(?m)^## "+heading+"\n\n\\S", string(text), page)
		}
		require.Contains(t, string(list), "["+rule.Alert+"]("+page+")")
	}
	files, err := os.ReadDir(runbooks)
	require.NoError(t, err)
	for _, file := range files {
		if file.Name() != "README.md" {
			require.Contains(t, wanted, file.Name(), "no alert leads to this page")
		}
	}
}
