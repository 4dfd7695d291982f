package config

import (
	"maps"
	"net"
	"net/netip"
	"reflect"
	"strconv"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// check puts defaults in, and looks for what is wrong between values that are right in themselves.
func (r *reading) check(c *Config) {
	r.Complete(reflect.ValueOf(c).Elem(), nil)
	r.hookAccounts(c)
	c.Directory.Complete()
	r.ledger(&c.Ledger, path{"ledger"})
	r.seals(&c.Seals, path{"seals"})
	r.server(&c.Server, path{"server"})
	r.metrics(&c.Metrics, path{"metrics"})
	r.IDs(maps.Keys(c.Targets), path{"targets"})
	r.IDs(maps.Keys(c.Notify), path{"notify"})
	c.Directory.Check(r.Reader, r.besidePeople(c))
	if c.OIDC != nil {
		r.Encrypted(c.Server.URL, "cookies of the sign-in", path{"server", "url"})
	}
	r.templates(c, path{"templates"})
	r.hooks(c, path{"hooks"})
}

func (r *reading) server(server *Server, at path) {
	r.secretFiles(server.SecretFiles, at.Key("secretFiles"))
	r.proxies(server, at.Key("proxies"))
	if server.URL != "" {
		server.URL = r.Address(server.URL, at.Key("url"))
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
