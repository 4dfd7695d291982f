package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func TestAPersonAsksAndAnotherApprovesOnAPhoneAndBothSeeWhatHappens(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t)
	alice.signIn("p-alice", "/")
	alice.do(chromedp.Click(`main a[href="/ask"]`), chromedp.Click(`a[href="/ask/debug-prod"]`), chromedp.WaitVisible("#send"))
	require.Equal(t, "Ask for debug-prod", alice.text("h1"))
	alice.do(
		chromedp.Click(`input[value="30m"]`), chromedp.SendKeys("#reason", "orders are late,\nlooking at the queue"),
		chromedp.SendKeys("#ticket", "OPS-7"), chromedp.Click("#send"), chromedp.WaitVisible("#now"),
	)
	request := alice.path()
	require.Regexp(t, `^/requests/[0-9A-Z]{26}$`, request)
	require.Contains(t, alice.text("#now"), "0 of 1 approvals")
	require.Contains(t, alice.text("#now"), "Bob Carter, Carol Danvers")
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
	bob.do(chromedp.SetValue("#approve-duration", "15m"), chromedp.SendKeys("#approve-reason", "go ahead"), chromedp.Click("#approve"))
	bob.follows(".state", "active")
	require.False(t, bob.there("#decide"))

	alice.follows(".state", "active")
	alice.follows(".clock", "in 14 min")
	alice.follows("#story", "Access approved by Bob Carter")
	require.Contains(t, alice.text("#story"), "go ahead")
	require.True(t, h.lightrun.Can("alice@example.org", pool))

	alice.do(
		chromedp.Click("#extend-open"), chromedp.Click("#extend-form input[value='30m']"),
		chromedp.SendKeys("#extend-reason", "one more look"), chromedp.Click("#extend"), chromedp.WaitVisible("#extend-form .problem"),
	)
	require.Contains(t, alice.text("#extend-form .problem"), "approved at most 15m")
	require.Equal(t, "one more look", alice.value("#extend-reason"), "nothing that was typed is lost")

	bob.do(chromedp.Click("#end-open"), chromedp.SendKeys("#end-reason", "that was enough"), chromedp.Click("#end"))
	bob.follows(".state", "revoked")
	alice.follows("#now", "the access was seen to be gone")
	require.False(t, h.lightrun.Can("alice@example.org", pool))
	require.False(t, alice.there("#do details"), "nothing is left to do")
}
