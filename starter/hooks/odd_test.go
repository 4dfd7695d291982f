package hooks_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNoNumberAndNoNestingOfASourceIsTakenForSomethingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deep := 100_000
	nested := strings.Repeat("[", deep) + strings.Repeat("]", deep)
	values := []string{
		"1e999", "1e308", "99999999999999999999", "0.1", `"1e308h"`, `"99999999999999999999h"`, `"2562048h"`, `"Inf"`,
		`"-2562047h"`, `"0"`, `"0s"`, nested, strings.Repeat(`{"a":`, deep/3) + "1" + strings.Repeat("}", deep/3),
	}
	for at, value := range values {
		for _, format := range []string{
			`{"action":"start","id":"1","template":"read-logs","reason":"r","duration":%s}`,
			`{"action":"extend","id":"1","request":"x","reason":"r","duration":%s}`,
		} {
			status, answer := w.order(t, "cron", fmt.Sprintf(format, value))
			require.Equal(t, http.StatusBadRequest, status, "%d: %s", at, answer)
			require.Less(t, len(answer), 1000)
		}
		if strings.HasPrefix(value, `"`) {
			continue
		}
		status, answer := w.pd(t, fmt.Appendf(nil, `{"event":{"id":"E1","event_type":%s}}`, value))
		require.Equal(t, http.StatusAccepted, status, "PagerDuty stops sending to whoever refuses")
		require.Contains(t, answer, "unused")
		status, answer = w.jira(t, "1", fmt.Sprintf(`{"webhookEvent":"jira:issue_created","issue":{"key":%s}}`, value))
		require.Equal(t, http.StatusBadRequest, status, answer)
		status, answer = w.slack(t, fmt.Sprintf(`{"type":"block_actions","user":{"id":%s}}`, value))
		require.Equal(t, http.StatusBadRequest, status, answer)
	}
}
