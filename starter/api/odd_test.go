package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// oddValues are JSON that a body can't have where it has a text or a number.
func oddValues() map[string]string {
	deep := 30_000 // 60 KB, so that it is not the length that is refused
	return map[string]string{
		"1e999": "1e999", "1e308": "1e308", "-1e308": "-1e308", "20 digits": "99999999999999999999",
		"a fraction": "0.1", "null in a list": "[null]",
		"a text of 1e308 hours":   `"1e308h"`,
		"a text of 1e999":         `"1e999"`,
		"a text of 20 digits":     `"99999999999999999999h"`,
		"one too many of hours":   `"2562048h"`,
		"an infinity":             `"Inf"`,
		"no number":               `"NaN"`,
		"less than nothing":       `"-2562047h"`,
		"a nanosecond under zero": `"-1ns"`,
		"zero":                    `"0"`, "zero of a unit": `"0s"`, "minus zero": `"-0h"`,
		"lists in lists":     strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"objects in objects": strings.Repeat(`{"a":`, deep/3) + "1" + strings.Repeat("}", deep/3),
		"an open list":       strings.Repeat("[", deep),
	}
}

func TestNoNumberAndNoNestingIsTooOddToBeRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	response, body := d.do(t, "alice", http.MethodPost, "/v1/requests", goodAsk)
	require.Equal(t, http.StatusCreated, response.StatusCode, body)
	_, id, _ := strings.Cut(body, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)

	bodies := map[string]string{
		"/v1/requests":                       `{"template":"debug-prod","reason":"r","ticket":"OPS-7","duration":%s}`,
		"/v1/requests/" + id + "/reviews":    `{"verdict":"approve","reason":"r","duration":%s}`,
		"/v1/requests/" + id + "/extensions": `{"reason":"r","duration":%s}`,
	}
	people := map[string]string{
		"/v1/requests":                       "alice",
		"/v1/requests/" + id + "/reviews":    "carol",
		"/v1/requests/" + id + "/extensions": "alice",
	}
	for path, format := range bodies {
		for name, value := range oddValues() {
			response, body := d.do(t, people[path], http.MethodPost, path, fmt.Sprintf(format, value))
			require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusConflict},
				response.StatusCode, "%s: %s: %s", path, name, body)
			require.Less(t, len(body), 2000, "%s: %s", path, name)
			refused(t, response, body, response.StatusCode)
		}
	}
	for _, query := range []string{
		"limit=1e999", "limit=99999999999999999999", "limit=-99999999999999999999", "limit=0x10", "limit=1e2",
		"before=" + strings.Repeat("A", 8000), "before=99999999999999999999", "state=1e308",
	} {
		response, body := d.do(t, "alice", http.MethodGet, "/v1/requests?"+query, "")
		require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, response.StatusCode, "%s: %s",
			query, body)
		require.Less(t, len(body), 2000, query)
	}
	for _, start := range []string{"9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "99999999999999999999", "1e999"} {
		response, body := d.do(t, "alice", http.MethodPost, "/v1/requests", fmt.Sprintf(
			`{"template":"debug-prod","reason":"r","ticket":"OPS-7","duration":"1h","startAt":%q}`, start))
		require.Contains(
			t,
			[]int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusForbidden},
			response.StatusCode,
			"%s: %s",
			start,
			body,
		)
	}
	status, err := d.Starter.Current().Get(t.Context(), "alice", id)
	require.NoError(t, err)
	require.Equal(t, contract.StatePending, status.State)
	require.Empty(t, status.Reviews)
}
