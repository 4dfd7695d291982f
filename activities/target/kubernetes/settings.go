package kubernetes

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// maxFile is in bytes: of a kubeconfig, and of a file with certificates.
const maxFile = 1 << 20

// Settings connects to the API server of one cluster, in one of three ways.
type Settings struct {
	Kubeconfig string        `yaml:"kubeconfig" doc:"The absolute path of a file as kubectl takes it; this, or url, or inCluster."`
	Context    string        `yaml:"context" otherwise:"the file's current one" doc:"A context of that file."`
	URL        string        `yaml:"url" doc:"The API server's address."`
	CAFile     string        `yaml:"caFile" otherwise:"those of the system" doc:"The absolute path of the certificates that the API server is known by."`
	Token      config.Secret `yaml:"token" doc:"A bearer token of Curfew's account in the cluster; beside url."`
	InCluster  bool          `yaml:"inCluster" doc:"Whether to use the service account of the pod that Curfew runs in."`
}

const howToConnect = "write a kubeconfig, or a url with its token, or inCluster: true"

// Validate names what is wrong with the settings. It opens no file: those need to be where the connection is made only.
func (s *Settings) Validate() error {
	switch {
	case s.Kubeconfig == "" && s.URL == "" && !s.InCluster:
		return contract.Invalid("there is no way to the cluster").At("kubeconfig").Advise(howToConnect)
	case s.Kubeconfig != "" && (s.URL != "" || s.InCluster), s.URL != "" && s.InCluster:
		return contract.Invalid("there is more than one way to the cluster").
			At("kubeconfig").
			Advise(howToConnect + ", but only one of them")
	case s.Context != "" && s.Kubeconfig == "":
		return contract.Invalid("is without a kubeconfig").
			At("context").
			Advise("take it out, or write the kubeconfig that it is in")
	case s.CAFile != "" && s.URL == "":
		return contract.Invalid("is without a url").At("caFile").Advise("take it out, or write the url that it is for")
	case !s.Token.IsZero() && s.URL == "":
		return contract.Invalid("is without a url").At("token").Advise("take it out, or write the url that it is for")
	case s.URL != "" && s.Token.IsZero():
		return contract.Invalid("is missing").At("token").Advise("refer to a token of Curfew's service account")
	}
	for field, path := range map[string]string{"kubeconfig": s.Kubeconfig, "caFile": s.CAFile} {
		if path != "" && !filepath.IsAbs(path) {
			return contract.Invalid("%q is not absolute", path).
				At(field).
				Advise("write the path from the root, like /etc/curfew/cluster")
		}
	}
	if s.URL == "" {
		return nil
	}
	_, err := checkURL("url", s.URL)
	return err
}

// Open reads the files that the settings name, and prepares the connection; it calls nobody.
func (s *Settings) Open() (target.Connector, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	access, err := s.access()
	if err != nil {
		return nil, err
	}
	if access.Insecure {
		return nil, contract.Invalid("would send Curfew's credentials to whoever answers").
			At("kubeconfig").
			Advise("name the certificates that vouch for the server in place of insecure-skip-tls-verify")
	}
	api, err := newCluster(access)
	if err != nil {
		return nil, err
	}
	return &connector{api}, nil
}

func (s *Settings) access() (*rest.Config, error) {
	switch {
	case s.InCluster:
		access, err := rest.InClusterConfig()
		if err != nil {
			return nil, contract.Invalid("%v", err).
				At("inCluster").
				Advise("run Curfew in a pod with a service account, or write a kubeconfig")
		}
		return access, nil
	case s.Kubeconfig != "":
		return s.fromKubeconfig()
	default:
		return s.fromURL()
	}
}

func (s *Settings) fromKubeconfig() (*rest.Config, error) {
	if _, err := read("kubeconfig", s.Kubeconfig); err != nil {
		return nil, err
	}
	parsed, err := clientcmd.LoadFromFile(s.Kubeconfig)
	if err != nil {
		// The error may show what stands where it could not be read on.
		return nil, contract.Invalid("%s is no kubeconfig", s.Kubeconfig).
			At("kubeconfig").
			Advise("see that kubectl takes it")
	}
	if err := clientcmd.ResolveLocalPaths(parsed); err != nil {
		return nil, contract.Invalid("%v", err).At("kubeconfig").Advise("write its paths from the root")
	}
	access, err := clientcmd.NewNonInteractiveClientConfig(*parsed, s.Context, &clientcmd.ConfigOverrides{}, nil).
		ClientConfig()
	if err != nil {
		return nil, contract.Invalid("%s: %s", s.Kubeconfig, outbound.Clip(err.Error())).
			At("kubeconfig").
			Advise("see that kubectl takes it with that context")
	}
	_, err = checkURL("kubeconfig", access.Host)
	return access, err
}

func (s *Settings) fromURL() (*rest.Config, error) {
	access := &rest.Config{Host: s.URL, BearerToken: s.Token.Reveal()}
	if s.CAFile == "" {
		return access, nil
	}
	certificates, err := read("caFile", s.CAFile)
	if err != nil {
		return nil, err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(certificates) {
		return nil, contract.Invalid("%s holds no certificate", s.CAFile).
			At("caFile").
			Advise("write PEM certificates into it")
	}
	access.CAFile = s.CAFile
	return access, nil
}

// read reads a file that the settings name.
func read(field, path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("it is no ordinary file")
	case info.Size() > maxFile:
		err = errors.New("it is larger than 1 MiB")
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(path)
	}
	if err == nil {
		return content, nil
	}
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err
	}
	return nil, contract.Invalid("%s can't be read: %v", path, err).
		At(field).
		Advise("write the path of a file that Curfew may read")
}

// checkURL reads the address of an API server, which a setting leads to; a path is for servers behind a proxy.
func checkURL(field, text string) (*url.URL, error) {
	base, err := url.Parse(text)
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, contract.Invalid("does not lead to an API server").
			At(field).
			Advise("write it like https://cluster.example.com:6443")
	case base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())):
		return nil, contract.Invalid("would send Curfew's credentials in the clear").At(field).Advise("use https")
	default:
		return base, nil
	}
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
