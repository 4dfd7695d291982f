package kubernetes_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/kubernetes"
	"curfew/internal/config"
	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/proxy"
	"curfew/workflows/contract"
)

// behind is a connector that reaches a server with HTTP/2 by way of a proxy. The server knows no binding.
func behind(t *testing.T) (*proxy.Proxy, target.Connector) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Error("not over HTTP/2")
		}
		respond(w, http.StatusNotFound, missing(bindingName))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(
		t,
		os.WriteFile(
			authority,
			pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			0o600,
		),
	)
	line := proxy.Start(t, server.Listener.Addr().String())
	connector, err := (&kubernetes.Settings{URL: "https://" + line.Address(), CAFile: authority, Token: config.SecretOf(token)}).Open()
	require.NoError(t, err)
	return line, connector
}

func TestP2AnEndIsSoonDoneWhenTheNetworkHasForgottenTheConnection(t *testing.T) {
	t.Parallel()
	line, connector := behind(t)
	revoke := func() error {
		_, err := connector.Revoke(t.Context(), access(plain))
		return err
	}
	require.NoError(t, revoke())
	line.Forget()
	began := time.Now()
	for revoke() != nil {
		require.Less(t, time.Since(began), pace.Patience())
	}
	pace.OnTime(t, "the end", time.Since(began), 8*time.Second)
}

func TestPingTellsAClusterThatCanNotBeReached(t *testing.T) {
	t.Parallel()
	line, connector := behind(t)
	pinger := connector.(target.Pinger)
	require.NoError(t, pinger.Ping(t.Context()), "a refusal is an answer")
	line.Forget()
	began := time.Now()
	require.NoError(t, pinger.Ping(t.Context()))
	line.Cut()
	requireProblem(t, pinger.Ping(t.Context()), contract.KindUnavailable)
	pace.OnTime(t, "both pings", time.Since(began), 3*target.CallTimeout)
	line.Mend()
	require.NoError(t, pinger.Ping(t.Context()))
}
