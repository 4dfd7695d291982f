package kubernetes

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

const maxAnswer = 32 << 20 // in bytes

// Do makes a call as the administrator, or on behalf of a user: the server then decides by what that user may do. It
// returns the answer's status and content. A nil content sends no body.
func (s *Server) Do(t testing.TB, method, path, user string, content any) (status int, body []byte) {
	t.Helper()
	text, err := json.Marshal(content)
	require.NoError(t, err)
	contentType := "application/json"
	if method == http.MethodPatch {
		contentType = "application/apply-patch+yaml" // JSON is YAML
		path += "?fieldManager=admin&force=true"
	}
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, bytes.NewReader(text))
	require.NoError(t, err)
	if content == nil {
		request.Body, request.ContentLength = http.NoBody, 0
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	if user != "" {
		request.Header.Set("Impersonate-User", user)
	}
	response, err := s.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	require.NoError(t, err)
	return response.StatusCode, body
}

// Apply makes an object as the administrator, or changes it to what is given.
func (s *Server) Apply(t testing.TB, path string, object any) {
	t.Helper()
	status, body := s.Do(t, http.MethodPatch, path, "", object)
	require.Contains(t, []int{http.StatusOK, http.StatusCreated}, status, "%s: %s", path, body)
}

// Token makes a token of a service account.
func (s *Server) Token(t testing.TB, namespace, account string) string {
	t.Helper()
	status, body := s.Do(
		t,
		http.MethodPost,
		"/api/v1/namespaces/"+namespace+"/serviceaccounts/"+account+"/token",
		"",
		map[string]any{
			"apiVersion": "authentication.k8s.io/v1",
			"kind":       "TokenRequest",
			"spec":       map[string]any{"expirationSeconds": 3600},
		},
	)
	require.Equal(t, http.StatusCreated, status, "%s", body)
	var made struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	require.NoError(t, json.Unmarshal(body, &made))
	require.NotEmpty(t, made.Status.Token)
	return made.Status.Token
}
