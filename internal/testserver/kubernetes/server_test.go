//go:build kubernetes

package kubernetes_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/kubernetes"
)

func TestMain(m *testing.M) { kubernetes.Main(m) }

func TestTestsOfOneBinaryShareOneServer(t *testing.T) {
	t.Parallel()
	require.Same(t, kubernetes.Start(t), kubernetes.Start(t))
}

func TestTheServerIsOnLoopbackAndDecidesByWhoAsks(t *testing.T) {
	t.Parallel()
	server := kubernetes.Start(t)
	require.True(t, strings.HasPrefix(server.Address(), "127.0.0.1:"))
	status, _ := server.Do(t, http.MethodGet, "/api/v1/namespaces", "", nil)
	require.Equal(t, http.StatusOK, status)
	status, _ = server.Do(t, http.MethodGet, "/api/v1/namespaces", "somebody", nil)
	require.Equal(t, http.StatusForbidden, status)
	request, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodGet,
		server.URL()+"/api/v1/namespaces",
		http.NoBody,
	)
	require.NoError(t, err)
	response, err := (&http.Client{Transport: server.Transport()}).Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusForbidden, response.StatusCode, "without credentials")
}
