package webhook_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/targettest"
	"curfew/activities/target/webhook"
	"curfew/workflows/contract"
)

func TestConformanceOfAPlainReceiver(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture { return fixture(t, false) })
}

func TestConformanceOfAnAbleReceiver(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture { return fixture(t, true) })
}

func TestAConnectorOffersWhatItsReceiverCanDo(t *testing.T) {
	t.Parallel()
	for _, ends := range []bool{false, true} {
		for _, lists := range []bool{false, true} {
			connector := open(
				t,
				webhook.Settings{
					URL:          "https://access.example.com",
					Secrets:      secrets(secret),
					EndsSessions: ends,
					Lists:        lists,
				},
			)
			_, offersEnds := connector.(target.SessionEnder)
			_, offersLists := connector.(target.Lister)
			_, offersCheck := connector.(target.Checker)
			require.Equal(t, []bool{ends, lists, true}, []bool{offersEnds, offersLists, offersCheck})
		}
	}
}

func TestAMessageSaysAllThatTheReceiverMustKnow(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, true, secret)
	r.add(ann)
	connector, wanted := connect(t, r.url), access(t)
	_, err := connector.Grant(t.Context(), wanted)
	require.NoError(t, err)
	_, err = connector.Revoke(t.Context(), wanted)
	require.NoError(t, err)
	messages := r.messages()
	require.JSONEq(
		t,
		fmt.Sprintf(`{"type":"access.grant","key":%q,"account":"ann","until":"2036-01-02T03:04:05Z","reference":"OPS-7",
		"entitlement":{"name":"reports","attributes":{"region":"eu <west>"}}}`, wanted.Key),
		messages[0].body,
	)
	require.JSONEq(t, fmt.Sprintf(`{"type":"access.revoke","key":%q,"account":"ann",
		"entitlement":{"name":"reports","attributes":{"region":"eu <west>"}}}`, wanted.Key), messages[1].body)
	require.Equal(t, "curfew", messages[0].header.Get("User-Agent"))
	require.Equal(t, "application/json", messages[0].header.Get("Content-Type"))
}

func TestWhatNoReceiverCouldUnderstandIsNotSent(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, true, secret)
	for name, tc := range map[string]struct {
		change func(*target.Access)
		kind   contract.Kind
		field  string
	}{
		"no account":           {func(a *target.Access) { a.Account = "" }, contract.KindInvalid, "account"},
		"a long account":       {func(a *target.Access) { a.Account = strings.Repeat("a", 257) }, contract.KindInvalid, "account"},
		"a line break":         {func(a *target.Access) { a.Account = "a\nb" }, contract.KindInvalid, "account"},
		"no UTF-8":             {func(a *target.Access) { a.Account = "a\xff" }, contract.KindInvalid, "account"},
		"no end":               {func(a *target.Access) { a.Until = time.Time{} }, contract.KindInvalid, "until"},
		"no entitlement":       {func(a *target.Access) { a.Entitlement = nil }, contract.KindInvalid, ""},
		"another's":            {func(a *target.Access) { a.Entitlement = json.RawMessage(`{"role":"x"}`) }, contract.KindInvalid, "role"},
		"a key of other sort":  {func(a *target.Access) { a.Key = "../" }, contract.KindInternal, ""},
		"a key that goes on":   {func(a *target.Access) { a.Key += "0" }, contract.KindInternal, ""},
		"a key with a newline": {func(a *target.Access) { a.Key = a.Key[1:] + "\n" }, contract.KindInternal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wanted := access(t)
			tc.change(&wanted)
			_, err := connect(t, r.url).Grant(t.Context(), wanted)
			require.Equal(t, tc.field, requireProblem(t, err, tc.kind).Field)
			requireNoMessage(t, r)
		})
	}
}

func TestALongReferenceIsCut(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, true, secret)
	r.add(ann)
	wanted := access(t)
	wanted.Reference = strings.Repeat("ö", 1000)
	_, err := connect(t, r.url).Grant(t.Context(), wanted)
	require.NoError(t, err)
	require.Less(t, len(r.messages()[0].body), 600)
}

// scripted starts a receiver that answers as a test says. It gives the type of the message.
func scripted(t *testing.T, answer func(w http.ResponseWriter, what string)) string {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message asked
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &message)
		answer(w, message.Type)
	}))
	t.Cleanup(site.Close)
	return site.URL
}

func answering(t *testing.T, body string) string {
	t.Helper()
	return scripted(t, func(w http.ResponseWriter, _ string) { reply(w, body) })
}

func TestAnEndOfWhatIsNotHeldMeansNothing(t *testing.T) {
	t.Parallel()
	state, err := connect(
		t,
		answering(t, `{"held":false,"until":"2036-01-02T03:04:05Z"}`),
	).Inspect(t.Context(), access(t))
	require.NoError(t, err)
	require.False(t, state.Held)
}

// Each of these might stand in for "nothing is there", and none may be taken for it.
func TestAStrangeAnswerNeverMeansThatAccessIsGone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a page to sign in":      `<html>Sign in</html>`,
		"nothing":                ``,
		"an empty object":        `{}`,
		"null":                   `null`,
		"a list":                 `[]`,
		"false":                  `false`,
		"null for each":          `{"held":null,"result":null,"ended":null,"accesses":null,"more":null}`,
		"texts":                  `{"held":"false","result":"gone","ended":"0","accesses":"","more":"no"}`,
		"another's results":      `{"held":0,"result":"ready!","ended":1.5,"accesses":{},"more":0}`,
		"an end that is no time": `{"held":true,"until":"soon","result":"","ended":-1,"accesses":[{"key":"x"}],"more":false}`,
		"broken off":             `{"held":false,"result":"already absent","ended":0,"accesses":[],"more":false`,
		"more behind it":         `{"held":false,"result":"already absent","ended":0,"accesses":[],"more":false} {}`,
		"more than is read":      `{"held":false,"result":"already absent","ended":0,"accesses":[],"more":false}` + strings.Repeat(" ", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connector := connect(t, answering(t, body))
			for call, err := range everyCall(t, connector) {
				require.Error(t, err, call)
				requireProblem(t, err, contract.KindUnavailable)
			}
		})
	}
}

// everyCall makes each call that a connector can make, and returns their errors.
func everyCall(t *testing.T, connector target.Connector) map[string]error {
	t.Helper()
	wanted, results := access(t), map[string]error{}
	_, results["Grant"] = connector.Grant(t.Context(), wanted)
	_, results["Revoke"] = connector.Revoke(t.Context(), wanted)
	_, results["Inspect"] = connector.Inspect(t.Context(), wanted)
	_, results["EndSessions"] = connector.(target.SessionEnder).EndSessions(t.Context(), wanted)
	_, results["List"] = connector.(target.Lister).List(t.Context())
	results["Remove"] = connector.(target.Lister).Remove(t.Context(), target.Marked{Key: wanted.Key, Account: ann})
	results["Check"] = connector.(target.Checker).Check(t.Context())
	return results
}
