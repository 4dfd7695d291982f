package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func TestAPersonAsksAndAnotherApprovesOnAPhoneAndBothSeeWhatHappens(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t)
	alice.signIn("p-alice", "/")
	alice.do(
		chromedp.Click(`main a[href="/ask"]`),
		chromedp.Click(`a[href="/ask/debug-prod"]`),
		chromedp.WaitVisible("#send"),
	)
	require.Equal(t, "Ask for debug-prod", alice.text("h1"))
	alice.do(
		chromedp.Click(`input[value="30m"]`), chromedp.SendKeys("#reason", "orders are late,\nlooking at the queue"),
		chromedp.SendKeys("#ticket", "OPS-7"), chromedp.Click("#send"), chromedp.WaitVisible("#now"),
	)
	request := alice.path()
	require.Regexp(t, `^/requests/[0-9A-Z]{26}$`, request)
	require.Contains(t, alice.text("#now"), "0 of 1 approvals")
	require.Contains(t, alice.text("#now"), "Bob Carter (p-bob), Carol Danvers (p-carol)")
	require.False(t, alice.there("#decide"), "nobody is offered to approve their own request")

	bob := alice.beside(phone())
	bob.signIn("p-bob", "/")
	bob.follows("#waiting", "orders are late")
	bob.do(chromedp.Click("#waiting a"), chromedp.WaitVisible("#approve"))
	require.Equal(t, request, bob.path())
	shown := bob.text("#what")
	for _, part := range []string{"lightrun-prod", "alice@example.org", pool, "Standard", "30m", "OPS-7", "looking at the queue"} {
		require.Contains(t, shown, part)
	}
	bob.do(
		chromedp.SetValue("#approve-duration", "15m"),
		chromedp.SendKeys("#approve-reason", "go ahead"),
		chromedp.Click("#approve"),
	)
	bob.follows(".state", "active")
	require.False(t, bob.there("#decide"))

	alice.follows(".state", "active")
	alice.follows(".clock", "in 14 min")
	alice.follows("#story", "Access approved by Bob Carter")
	require.Contains(t, alice.text("#story"), "go ahead")
	require.True(t, h.lightrun.Can("alice@example.org", pool))

	alice.do(
		chromedp.Click("#extend-open"),
		chromedp.Click("#extend-form input[value='30m']"),
		chromedp.SendKeys(
			"#extend-reason",
			"one more look",
		),
		chromedp.Click("#extend"),
		chromedp.WaitVisible("#extend-form .problem"),
	)
	require.Contains(t, alice.text("#extend-form .problem"), "approved at most 15m")
	require.Equal(t, "one more look", alice.value("#extend-reason"), "nothing that was typed is lost")

	bob.do(chromedp.Click("#end-open"), chromedp.SendKeys("#end-reason", "that was enough"), chromedp.Click("#end"))
	bob.follows(".state", "revoked")
	require.False(t, h.lightrun.Can("alice@example.org", pool))
	alice.follows("#now", "the access was seen to be gone")
	alice.follows("#changed", "This request has changed")
	require.Equal(
		t,
		"one more look",
		alice.value("#extend-reason"),
		"the page does not change under the hands of somebody who types",
	)
	alice.do(chromedp.Click("#changed a"), chromedp.WaitNotPresent("#do details"))
	require.Equal(t, request, alice.path())
}

func TestEverythingWorksWithoutJavaScript(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t, noScript())
	alice.signIn("p-alice", "/ask/read-logs")
	alice.do(
		chromedp.SendKeys("#other", "a while"),
		chromedp.SendKeys("#reason", "what happened at night"),
		chromedp.Click("#send"),
		chromedp.WaitVisible("#problem"),
	)
	require.Contains(t, alice.text("#problem"), "write it like 30m")
	require.Equal(t, "what happened at night", alice.value("#reason"))
	require.True(t, alice.there("#other[aria-invalid]"))
	alice.do(
		chromedp.SetValue("#other", "45m"),
		chromedp.SendKeys("#ticket", "OPS-404"),
		chromedp.Click("#send"),
		chromedp.WaitVisible("#ticket[aria-invalid]"),
	)
	require.Contains(t, alice.text("#problem"), "there is no ticket OPS-404")
	alice.do(chromedp.SetValue("#ticket", "OPS-7"), chromedp.Click("#send"), chromedp.WaitVisible("#now"))
	request := alice.path()

	bob, carol := alice.beside(noScript()), alice.beside(noScript())
	bob.signIn("p-bob", request)
	require.Equal(t, request, bob.path(), "the sign-in leads to where the link led")
	bob.do(chromedp.Click("#approve"), chromedp.WaitNotPresent("#decide"))
	bob.becomes("#now", "1 of 2 approvals")
	carol.signIn("p-carol", request)
	carol.do(chromedp.Click("#approve"), chromedp.WaitNotPresent("#decide"))
	carol.becomes(".state", "active")
	require.True(t, h.lightrun.Can("alice@example.org", pool))

	alice.becomes(".clock", "in 44 min")
	alice.do(
		chromedp.Click("#extend-open"),
		chromedp.SendKeys("#extend-other", "20m"),
		chromedp.SendKeys(
			"#extend-reason",
			"nearly there",
		),
		chromedp.Click("#extend"),
		chromedp.WaitNotPresent("#extend-form"),
	)
	alice.becomes("#now", "An extension by 20m waits for a reviewer")
	bob.open("/")
	bob.becomes("#waiting", "extension waits")
	bob.do(chromedp.Click("#waiting a"), chromedp.WaitVisible("#approve"))
	require.Contains(t, bob.text("#what"), "20m longer")
	require.Contains(t, bob.text("#what"), "nearly there")
	bob.do(
		chromedp.Click(
			"#deny-open",
		),
		chromedp.SendKeys("#deny-reason", "come back tomorrow"),
		chromedp.Click("#deny"),
		chromedp.WaitNotPresent("#decide"),
	)
	alice.becomes("#story", "come back tomorrow")
	require.NotContains(t, alice.text("#now"), "extension")

	alice.do(
		chromedp.Click("#end-open"),
		chromedp.SendKeys("#end-reason", "done"),
		chromedp.Click("#end"),
		chromedp.WaitNotPresent("#end-form"),
	)
	alice.becomes("#now", "seen to be gone")
	require.False(t, h.lightrun.Can("alice@example.org", pool))
}

func TestWhoBreaksGlassConfirmsItAndASecondPersonReviewsIt(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t)
	alice.signIn("p-alice", "/ask/debug-prod")
	alice.do(chromedp.Click("#break-glass"), chromedp.WaitVisible("#confirm"))
	require.Contains(t, alice.text(".break-glass"), "without approval")
	require.False(t, alice.there(`input[name="duration"][value="1h"]`), "only what the break-glass rule allows")
	alice.do(
		chromedp.SendKeys(
			"#reason",
			"everything is down",
		),
		chromedp.Click("#confirm"),
		chromedp.Click("#send"),
		chromedp.WaitVisible("#now"),
	)
	alice.follows(".clock", "in 29 min")
	alice.follows("#now", "Opened without approval")
	require.True(t, h.lightrun.Can("alice@example.org", pool))
	request := alice.path()
	alice.do(chromedp.Click("#end-open"), chromedp.SendKeys("#end-reason", "it is up again"), chromedp.Click("#end"))
	alice.follows("#now", "seen to be gone")
	require.False(t, alice.there("#decide"), "nobody reviews their own break-glass access")

	bob := alice.beside()
	bob.signIn("p-bob", "/")
	bob.follows("#waiting", "review due")
	bob.open(request)
	bob.do(
		chromedp.SendKeys("#approve-reason", "thank you"),
		chromedp.Click("#approve"),
		chromedp.WaitNotPresent("#decide"),
	)
	bob.follows("#now", "Bob Carter (p-bob) reviewed it")

	dave := alice.beside()
	dave.signIn("p-dave", "/ask/debug-prod")
	require.False(t, dave.there("#break-glass"))
	dave.open("/ask/debug-prod/break-glass")
	require.Contains(t, dave.text("main"), "no account on lightrun-prod")
}

func TestWhoeverFindsBreakGlassAccessNotInOrderIsLedToItsEnd(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t)
	alice.signIn("p-alice", "/ask/debug-prod")
	require.Contains(t, alice.text(".foot"), "for up to 30m")
	alice.open("/ask/debug-prod/break-glass")
	require.Contains(t, alice.text("#duration-help"), "to 30m", "its own maximum, and not that of the template")
	alice.do(
		chromedp.SendKeys("#reason", "I am curious"),
		chromedp.Click("#confirm"),
		chromedp.Click("#send"),
		chromedp.WaitVisible("#now"),
	)
	alice.follows(".state", "active, review due")
	require.Contains(t, alice.text("#what"), "up to 30m with extensions")
	alice.follows("#story", "Opened without approval (break-glass by Alice Liddell (p-alice))")
	require.NotContains(t, alice.text("main"), "pproved by")

	bob := alice.beside()
	bob.signIn("p-bob", alice.path())
	bob.do(
		chromedp.Click("#deny-open"),
		chromedp.SendKeys("#deny-reason", "nothing was down"),
		chromedp.Click("#deny"),
		chromedp.WaitVisible("#end-link"),
	)
	require.Contains(t, bob.text("#now"), "it was not in order")
	bob.do(
		chromedp.Click(
			"#end-link",
		),
		chromedp.WaitVisible("#end-reason"),
		chromedp.SendKeys("#end-reason", "not in order"),
		chromedp.Click("#end"),
		chromedp.WaitNotPresent("#end-form"),
	)
	bob.follows("#now", "seen to be gone")
	require.False(t, bob.there(".clock"))
	require.False(t, h.lightrun.Can("alice@example.org", pool))
	alice.follows("#story", "reviewed by Bob Carter (p-bob): it was not in order")
}

func TestAScheduledStartAndAnAskForSomebodyElse(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t)
	alice.signIn("p-alice", "/ask/debug-prod?ticket=OPS-7&reason=tomorrow&duration=45m")
	require.Equal(t, "45m", alice.value("#other"), "a link may fill the form in")
	start := tomorrow()
	alice.do(
		chromedp.Click(".more summary"), chromedp.SetValue("#start", start), chromedp.SetValue("#subject", "p-nobody"),
		chromedp.Click("#send"), chromedp.WaitVisible("#subject[aria-invalid]"),
	)
	require.Equal(t, start, alice.value("#start"))
	alice.do(chromedp.SetValue("#subject", "p-carol"), chromedp.Click("#send"), chromedp.WaitVisible("#now"))
	require.Contains(t, alice.text("#head"), "Carol Danvers (p-carol), asked by Alice Liddell (p-alice)")

	bob := alice.beside()
	bob.signIn("p-bob", alice.path())
	digest := bob.value(`#approve-form [name="digest"]`)
	bob.do(
		chromedp.SetValue(
			`#approve-form [name="digest"]`,
			strings.Repeat("0", len(digest)),
		),
		chromedp.SendKeys("#approve-reason", "fine"),
		chromedp.Click("#approve"),
		chromedp.WaitVisible("#approve-form .problem"),
	)
	require.Contains(
		t,
		bob.text("#approve-form .problem"),
		"not what you were shown",
		"a review is for what was shown, and for nothing else",
	)
	require.Equal(t, digest, bob.value(`#approve-form [name="digest"]`))
	require.Equal(t, "fine", bob.value("#approve-reason"))
	bob.do(chromedp.Click("#approve"), chromedp.WaitNotPresent("#decide"))
	bob.follows(".state", "scheduled")
	alice.follows("#now", "begins later")
	alice.do(chromedp.Click("#cancel-open"), chromedp.Click("#cancel"))
	alice.follows(".state", "withdrawn")
}
