package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

const (
	// patience bounds how long a server may take to start, on a machine that is busy with other tests.
	patience    = 2 * time.Minute
	pause       = 50 * time.Millisecond
	callTimeout = 30 * time.Second
	// portAttempts is how often other ports are tried: somebody may take one between our look and the server's.
	portAttempts = 3

	auditPolicy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n"
)

func (s *Server) run(bin string) error {
	key, err := serviceAccountKey()
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		"tokens.csv": s.token + `,admin,admin,"system:masters"` + "\n", "sa.key": key, "audit.yaml": auditPolicy,
	} {
		if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	for range portAttempts {
		if err = s.runBoth(bin); err == nil {
			return nil
		}
	}
	return fmt.Errorf("start Kubernetes for tests: %w", err)
}

// serviceAccountKey is what the server signs tokens of service accounts with.
func serviceAccountKey() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), err
}

func (s *Server) runBoth(bin string) error {
	for _, running := range []**process{&s.api, &s.etcd} {
		if *running != nil {
			(*running).kill()
			*running = nil
		}
	}
	store, err := s.runEtcd(bin)
	if err != nil {
		return err
	}
	return s.runAPI(bin, store)
}

// runEtcd starts the store, and returns its URL when it takes connections.
func (s *Server) runEtcd(bin string) (string, error) {
	clients, err := freeAddress()
	if err != nil {
		return "", err
	}
	peers, err := freeAddress()
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(s.path("etcd")); err != nil {
		return "", err
	}
	s.etcd, err = launch(
		s.dir,
		filepath.Join(bin, "etcd"),
		"--data-dir="+s.path("etcd"),
		"--unsafe-no-fsync",
		"--log-level=warn",
		"--listen-client-urls=http://"+clients,
		"--advertise-client-urls=http://"+clients,
		"--listen-peer-urls=http://"+peers,
		"--initial-advertise-peer-urls=http://"+peers,
		"--initial-cluster=default=http://"+peers,
	)
	if err != nil {
		return "", err
	}
	return "http://" + clients, s.etcd.await(func() bool {
		return answers(&http.Client{Timeout: callTimeout}, "http://"+clients+"/health")
	})
}

// runAPI starts the server, and returns when it is ready.
func (s *Server) runAPI(bin, store string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	s.address = address
	s.api, err = launch(s.dir, filepath.Join(bin, "kube-apiserver"),
		"--etcd-servers="+store, "--bind-address="+host, "--advertise-address="+host, "--secure-port="+port,
		"--cert-dir="+s.path("certs"), "--token-auth-file="+s.path("tokens.csv"), "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+s.path("sa.key"),
		"--service-account-signing-key-file="+s.path("sa.key"), "--service-cluster-ip-range=10.0.0.0/24",
		"--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none",
		"--audit-policy-file="+s.path("audit.yaml"), "--audit-log-path="+s.AuditLog(), "--audit-log-mode=blocking")
	if err != nil {
		return err
	}
	return s.api.await(func() bool { return s.trust() == nil && answers(s.client, s.URL()+"/readyz") })
}

// trust makes a client that accepts the certificate that the server has made for itself.
func (s *Server) trust() error {
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	certificates, err := os.ReadFile(s.CAFile())
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificates) {
		return errors.New("the server's certificate is not written yet")
	}
	s.client = &http.Client{Timeout: callTimeout, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
	return nil
}

// answers is true when a health check says that all is well. Health checks need no credentials.
func answers(client *http.Client, url string) bool {
	response, err := client.Get(url) //nolint:noctx // it is over soon, since the server is local
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// await looks until the program is up.
func (p *process) await(up func() bool) error {
	deadline := time.Now().Add(patience)
	for !up() {
		select {
		case <-p.exited:
			return p.failed("ended")
		case <-time.After(pause):
		}
		if time.Now().After(deadline) {
			return p.failed(fmt.Sprintf("was not ready within %s", patience))
		}
	}
	return nil
}
