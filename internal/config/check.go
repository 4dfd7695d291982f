package config

import (
	"cmp"
	"iter"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"curfew/workflows/contract"
)

// What Curfew does when the file does not say.
const (
	defaultListen = "127.0.0.1:8300"
	defaultLedger = "curfew.db"

	defaultServerMetrics = "127.0.0.1:8301"
	defaultWorkerMetrics = "127.0.0.1:8302"
)

// validID is what can be a part of a workflow's id and of an address.
var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// check puts defaults in, and looks for what is wrong between values that are right in themselves.
func (r *reading) check(c *Config) {
	r.ledger(&c.Ledger, path{"ledger"})
	r.upkeep(c)
	r.seals(&c.Seals, path{"seals"})
	r.roles(c, path{"roles"})
	r.server(&c.Server, path{"server"})
	r.metrics(&c.Metrics, path{"metrics"})
	if c.Tickets.Jira != nil {
		r.jira(c.Tickets.Jira, path{"tickets", "jira"})
	}
	if c.Tickets.Zephyr != nil {
		r.zephyr(c, path{"tickets", "zephyr"})
	}
	if c.Incidents.ServiceNow != nil {
		r.serviceNow(c, path{"incidents", "servicenow"})
	}
	if c.Incidents.PagerDuty != nil {
		r.pagerDuty(c, path{"incidents", "pagerduty"})
	}
	r.names(path{"targets"}, maps.Keys(c.Targets))
	r.accountsOf(c, path{"directories"})
	r.people(c, path{"people"})
	r.groups(c, path{"groups"})
	r.identity(c)
	r.channels(c, path{"notify"})
	r.templates(c, path{"templates"})
	r.hooks(c, path{"hooks"})
}

// names checks the ids of one section.
func (r *reading) names(at path, ids iter.Seq[string]) {
	for _, id := range slices.Sorted(ids) {
		if !validID.MatchString(id) {
			r.wrong(
				at.key(id),
				contract.Invalid("is no id").Advise("use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit"),
			)
		}
	}
}

func (r *reading) server(server *Server, at path) {
	r.secretFiles(server.SecretFiles, at.key("secretFiles"))
	r.proxies(server, at.key("proxies"))
	if server.URL != "" {
		server.URL = r.address(at.key("url"), server.URL)
	}
	server.Listen = cmp.Or(server.Listen, defaultListen)
	host, port, err := net.SplitHostPort(server.Listen)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		r.wrong(at.key("listen"), contract.Invalid("is no host and port").Advise("write it like "+defaultListen))
		return
	}
	if server.URL != "" {
		return
	}
	if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
		r.wrong(
			at.key("url"),
			contract.Invalid("is missing, and can't be told from an address that stands for all").
				Advise("write the address that people reach Curfew at, like https://curfew.example.com"),
		)
	}
	server.URL = "http://" + server.Listen
}

func (r *reading) metrics(metrics *Metrics, at path) {
	for _, address := range []struct {
		key   string
		value *string
		usual string
	}{
		{"server", &metrics.Server, defaultServerMetrics},
		{"worker", &metrics.Worker, defaultWorkerMetrics},
	} {
		*address.value = cmp.Or(*address.value, address.usual)
		if err := CheckMetricsAddress(*address.value); err != nil {
			r.wrong(at.key(address.key), err)
		}
	}
}

// CheckMetricsAddress says what is wrong with where metrics are to be served.
func CheckMetricsAddress(address string) *contract.Problem {
	if address == MetricsNone {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return contract.Invalid("is no host and port").
			Advise("write it like " + defaultWorkerMetrics + ", or " + MetricsNone + " to serve no metrics")
	}
	return nil
}

// secretFiles are read by servers alone, and so not here.
func (r *reading) secretFiles(files []string, at path) {
	if len(files) > mostSecrets {
		r.wrong(
			at,
			contract.Invalid("has %d; at most %d are known at a time", len(files), mostSecrets).
				Advise("keep the new one and those before that still matter"),
		)
	}
	for i, file := range files {
		if file == "" {
			r.wrong(at.item(i), contract.Invalid("is empty").Advise("write the path of a file"))
		}
		files[i] = beside(r.folder, file)
	}
}

func (r *reading) proxies(server *Server, at path) {
	server.Trusted = nil
	for i, text := range server.Proxies {
		network, err := netip.ParsePrefix(text)
		if address, addressErr := netip.ParseAddr(text); err != nil && addressErr == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			r.wrong(
				at.item(i),
				contract.Invalid("is no address and no network").Advise("write it like 10.0.0.7 or 10.0.0.0/24"),
			)
			continue
		}
		server.Trusted = append(server.Trusted, network.Masked())
	}
}

func (r *reading) jira(jira *Jira, at path) {
	if jira.URL == "" {
		r.wrong(at.key("url"), contract.Invalid("is missing").Advise("write it like https://example.atlassian.net"))
	} else {
		jira.URL = r.address(at.key("url"), jira.URL)
	}
	r.oneOf(at.key("deployment"), jira.Deployment, JiraCloud, JiraDataCenter)
	switch {
	case jira.Deployment == JiraCloud && jira.User == "":
		r.wrong(
			at.key("user"),
			contract.Invalid("is missing").Advise("write the e-mail address of Curfew's own account"),
		)
	case jira.Deployment == JiraDataCenter && jira.User != "":
		r.wrong(
			at.key("user"),
			contract.Invalid("is for cloud only").Advise("take it out: a personal access token says whose it is"),
		)
	}
	if jira.Token.IsZero() {
		r.wrong(at.key("token"), contract.Invalid("is missing").Advise("write env:NAME or file:/path"))
	}
}

// address checks a web address, and returns it as links are built on it. It may hold a password, so no message repeats
// it.
func (r *reading) address(at path, raw string) string {
	const like = "write it like https://curfew.example.com"
	parsed, err := url.Parse(raw)
	switch {
	case err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "":
		r.wrong(at, contract.Invalid("is no web address").Advise(like))
	case parsed.User != nil:
		r.wrong(at, contract.Invalid("holds a user or password").Advise(like))
	case parsed.RawQuery != "" || parsed.Fragment != "":
		r.wrong(at, contract.Invalid("holds more than a host and path").Advise(like))
	}
	return strings.TrimRight(raw, "/")
}

// oneOf checks a choice that must be made.
func (r *reading) oneOf(at path, chosen string, choices ...string) {
	switch {
	case chosen == "":
		r.wrong(at, contract.Invalid("is missing").Advise("write "+strings.Join(choices, " or ")))
	case !slices.Contains(choices, chosen):
		r.wrong(at, contract.Invalid("%q is no choice here", shorten(chosen)).Advise(suggest(chosen, choices)))
	}
}
