package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/starter/api"
	"curfew/starter/limit"
	"curfew/starter/startertest"
)

// bodies are the operations that take one, and what each takes.
var bodies = map[string]string{
	"/v1/requests":                     goodAsk,
	"/v1/requests/01TEST/reviews":      `{"verdict":"approve","reason":"r","duration":"1h","digest":"d"}`,
	"/v1/requests/01TEST/extensions":   `{"duration":"30m","reason":"r"}`,
	"/v1/requests/01TEST/revocation":   `{"reason":"r"}`,
	"/v1/requests/01TEST/cancellation": `{"reason":"r"}`,
	"/v1/requests/01TEST/certificates": `{"target":"orders-db","publicKey":"ssh-ed25519 AAAA"}`,
	"/v1/ends":                         `{"request":"01TEST","person":"alice","reason":"r"}`,
	"/v1/stuck/retry":                  `{"grant":"grant/a/b/c"}`,
	"/v1/stuck/takeover":               `{"grant":"grant/a/b/c","reason":"r"}`,
	"/v1/directory/confirmation":       `{"departures":1}`,
}

// longestAnswer is more than any refusal of a body says, in bytes.
const longestAnswer = 4096

// Whatever a caller sends, each operation answers soon, and a refusal says what is wrong and where.
func FuzzEveryBodyIsAnsweredAndEveryRefusalExplained(f *testing.F) {
	house := startertest.New(f)
	server := api.New(api.Options{
		Starter: house.Starter, Limits: limit.Unbounded(), Log: zap.NewNop(),
	})
	for _, body := range bodies {
		f.Add(body)
	}
	for _, odd := range []string{
		"", "null", "[]", "{", `{"template":"debug-prod","Template":"x"}`, `{"reason":"a","reason":"b"}`, `{"duration":1e999}`,
		`{"duration":"-1h","template":"\u0000"}`, `{"reason":"` + strings.Repeat("x", 5000) + `"}`, "{\"reason\":\"\xff\"}",
		strings.Repeat(`{"a":`, 2000), `{"startAt":"0000-00-00T00:00:00Z"}`, `{"subject":{"a":1}}`,
	} {
		f.Add(odd)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for path := range bodies {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
			request.Header.Set("Authorization", "Bearer "+startertest.Token("alice"))
			request.Header.Set("Content-Type", "application/json")
			answer, began := httptest.NewRecorder(), time.Now()
			server.ServeHTTP(answer, request)
			require.Less(t, time.Since(began), 10*time.Second, path)
			if answer.Code < 300 {
				require.True(t, json.Valid(answer.Body.Bytes()) || answer.Body.Len() == 0, path)
				continue
			}
			require.Less(t, answer.Code, 500, "%s: %s", path, answer.Body)
			require.Less(t, answer.Body.Len(), longestAnswer, path)
			var problem api.Problem
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &problem), path)
			require.Equal(t, answer.Code, problem.Status)
			require.NotEmpty(t, problem.Kind)
			require.NotEmpty(t, problem.Errors)
			for _, mistake := range problem.Errors {
				require.NotEmpty(t, mistake.Message, path)
				if answer.Code == http.StatusUnprocessableEntity {
					require.NotEmpty(t, mistake.Location, "%s: %s", path, answer.Body)
				}
			}
		}
	})
}
