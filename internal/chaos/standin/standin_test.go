package standin_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/chaos/standin"
	"curfew/internal/sandbox"
)

func TestWhatTheStandInsHoldIsSeenPastTheirFaults(t *testing.T) {
	t.Parallel()
	setup, err := json.Marshal(
		standin.Setup{Token: "secret", Pool: "pool", Users: []string{"alice@example.org"}, Tickets: []string{"OPS-1"}},
	)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- standin.Run(ctx, bytes.NewReader(setup), writer) }()
	line, err := bufio.NewReader(reader).ReadBytes('\n')
	require.NoError(t, err)
	var addresses standin.Addresses
	require.NoError(t, json.Unmarshal(line, &addresses))
	client := standin.NewClient(addresses.Control)

	post := func(address, path, body string) (int, error) {
		request, err := http.NewRequestWithContext(
			t.Context(),
			http.MethodPost,
			"http://"+address+path,
			strings.NewReader(body),
		)
		require.NoError(t, err)
		if address == addresses.Jira {
			request.SetBasicAuth(standin.Account, "secret")
		} else {
			request.Header.Set("Authorization", "Bearer secret")
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		return response.StatusCode, nil
	}
	require.NoError(
		t,
		client.MisbehaveLightrun(t.Context(), []sandbox.Fault{{Method: http.MethodPost, LoseReply: true}}),
	)
	_, err = post(
		addresses.Lightrun,
		"/api/v1/temp-access",
		`{"name": "a", "userEmails": ["alice@example.org"], "agentPoolIds": ["pool"], "roles": ["Standard"],
		"expirationDate": "`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`,
	)
	require.Error(t, err, "the reply is lost")
	holders, err := client.Holders(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"alice@example.org"}, holders)

	require.NoError(t, client.MisbehaveJira(t.Context(), []sandbox.Fault{{Status: http.StatusInternalServerError}}))
	status, err := post(addresses.Jira, "/rest/api/2/issue/OPS-1/comment", `{"body": "hello"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusInternalServerError, status)
	require.NoError(t, client.MisbehaveJira(t.Context(), nil))
	status, err = post(addresses.Jira, "/rest/api/2/issue/OPS-1/comment", `{"body": "hello"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status)
	comments, err := client.Comments(t.Context())
	require.NoError(t, err)
	require.Equal(t, []standin.Comment{{Issue: "OPS-1", Body: "hello"}}, comments)

	stop()
	require.NoError(t, <-done)
}
