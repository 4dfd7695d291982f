package kubernetes_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target/kubernetes"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

const token = "token-canary"

func TestSettingsAreCheckedBeforeUse(t *testing.T) {
	t.Parallel()
	secret, server := config.SecretOf(token), "https://cluster.example.com:6443"
	for name, tc := range map[string]struct {
		settings kubernetes.Settings
		field    string
	}{
		"nothing":                        {kubernetes.Settings{}, "kubeconfig"},
		"two ways":                       {kubernetes.Settings{Kubeconfig: "/etc/kubeconfig", URL: server, Token: secret}, "kubeconfig"},
		"a file in a pod":                {kubernetes.Settings{Kubeconfig: "/etc/kubeconfig", InCluster: true}, "kubeconfig"},
		"an address in a pod":            {kubernetes.Settings{URL: server, Token: secret, InCluster: true}, "kubeconfig"},
		"a relative kubeconfig":          {kubernetes.Settings{Kubeconfig: "kubeconfig"}, "kubeconfig"},
		"a context of nothing":           {kubernetes.Settings{URL: server, Token: secret, Context: "prod"}, "context"},
		"certificates for a kubeconfig":  {kubernetes.Settings{Kubeconfig: "/etc/kubeconfig", CAFile: "/etc/ca"}, "caFile"},
		"a token for a kubeconfig":       {kubernetes.Settings{Kubeconfig: "/etc/kubeconfig", Token: secret}, "token"},
		"a token in a pod":               {kubernetes.Settings{InCluster: true, Token: secret}, "token"},
		"no token":                       {kubernetes.Settings{URL: server}, "token"},
		"relative certificates":          {kubernetes.Settings{URL: server, Token: secret, CAFile: "ca.crt"}, "caFile"},
		"no scheme":                      {kubernetes.Settings{URL: "cluster.example.com", Token: secret}, "url"},
		"in the clear":                   {kubernetes.Settings{URL: "http://cluster.example.com", Token: secret}, "url"},
		"another scheme":                 {kubernetes.Settings{URL: "ftp://127.0.0.1", Token: secret}, "url"},
		"a password within the address":  {kubernetes.Settings{URL: "https://ann:" + token + "@cluster.example.com", Token: secret}, "url"},
		"an address with a query":        {kubernetes.Settings{URL: server + "?a=b", Token: secret}, "url"},
		"certificates for another thing": {kubernetes.Settings{InCluster: true, CAFile: "/etc/ca"}, "caFile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.settings.Validate()
			_, openErr := tc.settings.Open()
			require.Equal(t, err, openErr)
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)
			require.NotContains(t, err.Error(), token)
		})
	}
	for _, settings := range []kubernetes.Settings{
		{Kubeconfig: "/etc/curfew/kubeconfig"},
		{Kubeconfig: "/etc/curfew/kubeconfig", Context: "prod"},
		{URL: server, Token: secret},
		{URL: server + "/k8s/clusters/c-1", Token: secret, CAFile: "/etc/curfew/ca.crt"},
		{URL: "http://127.0.0.1:8001", Token: secret},
		{InCluster: true},
	} {
		require.NoError(t, settings.Validate())
	}
}

// kubeconfig is a file as kubectl takes it, with two contexts.
const kubeconfig = `
apiVersion: v1
kind: Config
current-context: nowhere
clusters:
  - {name: here, cluster: {server: SERVER, certificate-authority: ca.crt}}
  - {name: there, cluster: {server: "https://127.0.0.1:1"}}
  - {name: careless, cluster: {server: SERVER, insecure-skip-tls-verify: true}}
users: [{name: curfew, user: {token: token-canary}}]
contexts:
  - {name: works, context: {cluster: here, user: curfew}}
  - {name: nowhere, context: {cluster: there, user: curfew}}
  - {name: careless, context: {cluster: careless, user: curfew}}
`

func TestEachWayToTheClusterBringsItsCredentials(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("User-Agent") != "curfew" {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		respond(w, http.StatusNotFound, missing(bindingName))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	folder := t.TempDir()
	ca := write(
		t,
		folder,
		"ca.crt",
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	)
	file := write(t, folder, "kubeconfig", strings.ReplaceAll(kubeconfig, "SERVER", server.URL))
	for name, tc := range map[string]struct {
		settings kubernetes.Settings
		says     string
	}{
		"a url":              {kubernetes.Settings{URL: server.URL, CAFile: ca, Token: config.SecretOf(token)}, ""},
		"a context":          {kubernetes.Settings{Kubeconfig: file, Context: "works"}, ""},
		"no context":         {kubernetes.Settings{Kubeconfig: file}, "can't be reached"},
		"the wrong token":    {kubernetes.Settings{URL: server.URL, CAFile: ca, Token: config.SecretOf("wrong")}, "does not accept"},
		"other certificates": {kubernetes.Settings{URL: server.URL, Token: config.SecretOf(token)}, "can't be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connector, err := tc.settings.Open()
			require.NoError(t, err)
			state, err := connector.Inspect(t.Context(), access(plain))
			require.False(t, state.Held)
			if tc.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), token)
		})
	}
}

func TestFilesThatCantBeUsedAreExplained(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := write(t, folder, "kubeconfig", strings.ReplaceAll(kubeconfig, "SERVER", "https://127.0.0.1:1"))
	inTheClear := write(
		t,
		folder,
		"clear",
		strings.ReplaceAll(kubeconfig, "https://127.0.0.1:1", "http://cluster.example.com"),
	)
	broken := write(t, folder, "broken", "apiVersion: "+token+"\nkind: Config")
	large := write(t, folder, "large", strings.Repeat("#", 2<<20))
	server := "https://cluster.example.com"
	for name, tc := range map[string]struct {
		settings    kubernetes.Settings
		field, says string
	}{
		"no file":              {kubernetes.Settings{Kubeconfig: filepath.Join(folder, "none")}, "kubeconfig", "no such file"},
		"a folder":             {kubernetes.Settings{Kubeconfig: folder}, "kubeconfig", "no ordinary file"},
		"a large file":         {kubernetes.Settings{Kubeconfig: large}, "kubeconfig", "larger"},
		"no kubeconfig":        {kubernetes.Settings{Kubeconfig: broken}, "kubeconfig", "no kubeconfig"},
		"an unknown context":   {kubernetes.Settings{Kubeconfig: file, Context: "typo"}, "kubeconfig", "typo"},
		"an unchecked server":  {kubernetes.Settings{Kubeconfig: file, Context: "careless"}, "kubeconfig", "whoever answers"},
		"missing certificates": {kubernetes.Settings{Kubeconfig: file, Context: "works"}, "kubeconfig", "ca.crt"},
		"in the clear":         {kubernetes.Settings{Kubeconfig: inTheClear}, "kubeconfig", "in the clear"},
		"no ca file":           {kubernetes.Settings{URL: server, Token: config.SecretOf(token), CAFile: filepath.Join(folder, "none")}, "caFile", "no such file"},
		"no certificates":      {kubernetes.Settings{URL: server, Token: config.SecretOf(token), CAFile: broken}, "caFile", "no certificate"},
		"no pod":               {kubernetes.Settings{InCluster: true}, "inCluster", "in-cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.settings.Open()
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field)
			require.Contains(t, problem.Fault, tc.says)
			require.NotEmpty(t, problem.Fix)
			require.NotContains(t, err.Error(), token)
		})
	}
}

func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
