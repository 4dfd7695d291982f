package config

import (
	"fmt"
	"iter"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// validID is what can be a part of a workflow's id and of an address.
var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// check puts defaults in, and looks for what is wrong between values that are right in themselves.
func (r *reading) check(c *Config) {
	r.Complete(reflect.ValueOf(c).Elem(), nil)
	r.hookAccounts(c)
	r.ledger(&c.Ledger, path{"ledger"})
	r.seals(&c.Seals, path{"seals"})
	r.roles(c, path{"roles"})
	r.server(&c.Server, path{"server"})
	r.metrics(&c.Metrics, path{"metrics"})
	r.names(path{"targets"}, maps.Keys(c.Targets))
	r.accountsOf(c, path{"directories"})
	r.people(c, path{"people"})
	r.groups(c, path{"groups"})
	r.identity(c)
	r.names(path{"notify"}, maps.Keys(c.Notify))
	r.accountForms(c, path{"people"})
	r.templates(c, path{"templates"})
	r.hooks(c, path{"hooks"})
}

// names checks the ids of one section.
func (r *reading) names(at path, ids iter.Seq[string]) {
	for _, id := range slices.Sorted(ids) {
		if !validID.MatchString(id) {
			r.wrong(at.Key(id), "is no id", "use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit")
		}
	}
}

func (r *reading) server(server *Server, at path) {
	r.secretFiles(server.SecretFiles, at.Key("secretFiles"))
	r.proxies(server, at.Key("proxies"))
	if server.URL != "" {
		server.URL = r.address(at.Key("url"), server.URL)
	}
	host, port, err := net.SplitHostPort(server.Listen)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		r.wrong(at.Key("listen"), "is no host and port", "write it like 127.0.0.1:8300")
		return
	}
	if server.URL != "" {
		return
	}
	if address, err := netip.ParseAddr(host); host == "" || err == nil && address.IsUnspecified() {
		r.wrong(at.Key("url"), "is missing, and can't be told from an address that stands for all",
			"write the address that people reach Curfew at, like https://curfew.example.com")
	}
	server.URL = "http://" + server.Listen
}

func (r *reading) metrics(metrics *Metrics, at path) {
	for key, address := range map[string]string{"server": metrics.Server, "worker": metrics.Worker} {
		if fault := CheckMetricsAddress(address); fault != nil {
			r.Wrong(at.Key(key), fault)
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
			Advise("write it like 127.0.0.1:8302, or " + MetricsNone + " to serve no metrics")
	}
	return nil
}

// secretFiles are read by servers alone, and so not here.
func (r *reading) secretFiles(files []string, at path) {
	if len(files) > mostSecrets {
		r.wrong(at, fmt.Sprintf("has %d; at most %d are known at a time", len(files), mostSecrets),
			"keep the new one and those before that still matter")
	}
	for i, file := range files {
		if file == "" {
			r.wrong(at.Item(i), "is empty", "write the path of a file")
		}
		files[i] = strictyaml.Beside(r.Folder, file)
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
			r.wrong(at.Item(i), "is no address and no network", "write it like 10.0.0.7 or 10.0.0.0/24")
			continue
		}
		server.Trusted = append(server.Trusted, network.Masked())
	}
}

// address checks a web address, and returns it as links are built on it. It may hold a password, so no message repeats
// it.
func (r *reading) address(at path, raw string) string {
	const like = "write it like https://curfew.example.com"
	parsed, err := url.Parse(raw)
	switch {
	case err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "":
		r.wrong(at, "is no web address", like)
	case parsed.User != nil:
		r.wrong(at, "holds a user or password", like)
	case parsed.RawQuery != "" || parsed.Fragment != "":
		r.wrong(at, "holds more than a host and path", like)
	}
	return strings.TrimRight(raw, "/")
}
