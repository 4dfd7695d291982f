package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestAFormThatIsSentTwiceMakesOneRequest(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	alice := d.signedIn(t, "alice")
	old := ulid.MustNew(ulid.Timestamp(time.Now().Add(-3*time.Hour)), ulid.DefaultEntropy()).String()

	for name, id := range map[string]string{"a fresh form": "", "one that was open for hours": old} {
		form := alice.form("/ask/read-logs", "reason", "to look\r\naround", "duration", "1h")
		if id != "" {
			form.Set("id", id)
		}
		first, second := alice.post("/ask/read-logs", form, nil), alice.post("/ask/read-logs", form, nil)
		require.Equal(t, http.StatusSeeOther, first.StatusCode, "%s: %s", name, first.text)
		require.Equal(t, http.StatusSeeOther, second.StatusCode, name)
		require.Equal(t, first.Header.Get("Location"), second.Header.Get("Location"), name)
		request := alice.get(first.Header.Get("Location"))
		require.Contains(t, request.text, "to look\naround")

		form.Set("reason", "something else")
		changed := alice.post("/ask/read-logs", form, nil)
		require.Equal(t, http.StatusConflict, changed.StatusCode, name)
		require.Contains(t, changed.text, "sent already")
		require.Contains(t, changed.text, first.Header.Get("Location"))
		require.Contains(t, changed.text, "something else", "and can be sent as another request")
		form.Set("id", hidden.FindAllStringSubmatch(changed.text, -1)[1][2])
		third := alice.post("/ask/read-logs", form, nil)
		require.Equal(t, http.StatusSeeOther, third.StatusCode, name)
		require.NotEqual(t, first.Header.Get("Location"), third.Header.Get("Location"), name)
	}
}

func TestNobodyTakesTheIDOfAnothersForm(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	alice, bob := d.signedIn(t, "alice"), d.signedIn(t, "bob")
	form := alice.form("/ask/read-logs", "reason", "to look")
	require.Equal(t, http.StatusSeeOther, alice.post("/ask/read-logs", form, nil).StatusCode)

	theirs := bob.form("/ask/read-logs", "reason", "to look", "id", form.Get("id"))

	answer := bob.post("/ask/read-logs", theirs, nil)
	require.Equal(t, http.StatusConflict, answer.StatusCode)
	require.Contains(t, answer.text, "the id is taken")
}

func TestMistakesComeBackOnTheFormWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	template := d.Config.Templates["debug-prod"]
	template.StartWithin = contract.Duration{Duration: 72 * time.Hour}
	d.Config.Templates["debug-prod"] = template
	alice := d.signedIn(t, "alice")
	for name, mistake := range map[string]struct{ field, value, marked, says string }{
		"no reason":         {"reason", " ", `id="reason"`, "a reason is missing"},
		"a long reason":     {"reason", strings.Repeat("x", 5000), `id="reason"`, "keep it to 4096 bytes"},
		"a control":         {"reason", "a\x1b[2J", `id="reason"`, "control character"},
		"zero":              {"other", "0m", `id="other"`, "zero is no time at all"},
		"too long":          {"other", "9h", `id="other"`, "ask for 8h or less"},
		"no length":         {"other", "soon", `id="other"`, "write it like 30m"},
		"negative":          {"other", "-1h", `id="other"`, "negative"},
		"no such ticket":    {"ticket", "OPS-404", `id="ticket"`, "there is no ticket OPS-404"},
		"an odd ticket":     {"ticket", "../x", `id="ticket"`, "write it like OPS-7"},
		"a long incident":   {"incident", strings.Repeat("x", 200), `id="incident"`, "128 bytes"},
		"nobody":            {"subject", "mallory", `id="subject"`, "there is no person"},
		"a start elsewhere": {"start", "tomorrow", `id="start"`, "is no time"},
		"a start too soon":  {"start", "2020-01-01T00:00", `id="start"`, "is over"},
	} {
		form := alice.form("/ask/debug-prod", "reason", "to look <around>", "ticket", "OPS-7", "duration", "2h")
		form.Set(mistake.field, mistake.value)
		answer := alice.post("/ask/debug-prod", form, nil)
		require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, "%s: %s", name, answer.text)
		require.Contains(t, answer.text, mistake.says, name)
		if mistake.field != "reason" {
			require.Contains(t, answer.text, "to look &lt;around&gt;", name)
		}
		if mistake.marked != "" {
			_, field, found := strings.Cut(answer.text, mistake.marked)
			require.True(t, found, name)
			tag, _, _ := strings.Cut(field, ">")
			require.Contains(t, tag, `aria-invalid="true"`, name)
		}
		if mistake.field != "other" {
			require.Contains(t, answer.text, `value="2h" checked`, name)
		}
	}
	huge := alice.form("/ask/debug-prod", "reason", strings.Repeat("x", 1<<20))
	require.Equal(t, http.StatusUnprocessableEntity, alice.post("/ask/debug-prod", huge, nil).StatusCode)
}

func TestWhatStandsForATicketCanBeNamedWhereThatIsConfigured(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	d.Config.Tickets.References = &config.System{}
	alice := d.signedIn(t, "alice")
	require.Contains(t, alice.get("/ask/debug-prod").text, `id="zephyr"`)
	require.NotContains(t, alice.get("/ask/look-round").text, `id="zephyr"`, "the template takes no ticket")

	both := alice.post(
		"/ask/debug-prod",
		alice.form("/ask/debug-prod", "reason", "to look", "ticket", "OPS-7", "zephyr", "OPS-R12"),
		nil,
	)

	require.Equal(t, http.StatusUnprocessableEntity, both.StatusCode)
	require.Contains(t, both.text, "leave it out, or the ticket")
	require.Contains(t, both.text, `value="OPS-R12"`)
}

func TestOnlyWhatSomebodyMayAskForIsOffered(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	only := d.Config.Templates["look-round"]
	only.Requesters.People = []string{"alice"}
	d.Config.Templates["look-round"] = only
	nobody := d.Config.Templates["debug-prod"]
	nobody.OnBehalf.Anybody = false
	d.Config.Templates["debug-prod"] = nobody

	erin := d.signedIn(t, "erin") // has an account on orders-db alone
	page := erin.get("/ask").text
	require.Contains(t, page, `href="/ask/read-logs"`)
	require.NotContains(t, page, `href="/ask/look-round"`)
	require.Contains(t, page, "erin may not ask for look-round")
	require.NotContains(t, page, `href="/ask/debug-prod"`)
	require.Contains(t, page, "you have no account on lightrun-prod")
	require.Equal(t, http.StatusForbidden, erin.get("/ask/look-round").StatusCode)
	require.Equal(t, http.StatusForbidden, erin.get("/ask/read-logs/break-glass").StatusCode)
	require.Contains(t, d.signedIn(t, "alice").get("/ask").text, `href="/ask/look-round"`)
}

func TestListsGoOnPageByPage(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	var newest, oldest string
	for range 30 {
		status := startertest.Status(contract.StatePending)
		d.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
		if oldest == "" {
			oldest = status.ID
		}
		newest = status.ID
	}
	carol := d.signedIn(t, "carol")

	first := carol.get("/").text
	require.Contains(t, first, newest)
	require.Equal(t, 10, strings.Count(first, `href="/requests/`))
	seen, path := map[string]bool{}, "/?list=waiting"
	for path != "" {
		page := carol.get(path).text
		for _, part := range strings.Split(page, `href="/requests/`)[1:] {
			seen[part[:26]] = true
		}
		path = ""
		if _, next, found := strings.Cut(page, `<a class="button" href="/?list=waiting&amp;before=`); found {
			path = "/?list=waiting&before=" + next[:26]
		}
	}
	require.Len(t, seen, 30)
	require.True(t, seen[oldest])
	require.NotContains(
		t,
		d.signedIn(t, "bob").get("/?list=all").text,
		newest,
		"who is no part of them does not see them",
	)
	require.Equal(t, http.StatusUnprocessableEntity, carol.get("/?list=mine&before=x").StatusCode)
}
