package signin_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/chromium"
	"curfew/internal/testserver/oidc"
	"curfew/starter/signin"
)

func TestAPersonSignsInAndOutWithARealBrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	tab := chromium.Start(t)

	require.NoError(t, chromedp.Do(tab,
		chromedp.Navigate(h.server.URL+signin.PathAccount),
		chromedp.Click("#sign-in"),
		chromedp.SendKeys("#username", "alice"),
		chromedp.SendKeys("#password", oidc.Password),
		chromedp.Click("button"),
		chromedp.WaitVisible("#person"),
	))
	require.Equal(t, "alice", see(t, tab, chromedp.Text("#person")))
	require.Equal(
		t,
		h.server.URL+signin.PathAccount,
		see(t, tab, chromedp.Location()),
		"no code is left in the address",
	)

	require.NoError(t, chromedp.Do(tab, chromedp.Click("#sign-out"), chromedp.WaitVisible("#sign-in")))
	require.Equal(t, "Not signed in", see(t, tab, chromedp.Text("h1")))
}

func TestAPersonSignsInWithATokenOnTheirOwnMachineWithARealBrowser(t *testing.T) {
	t.Parallel()
	h := openPlain(t)
	tab := chromium.Start(t)

	require.NoError(t, chromedp.Do(tab,
		chromedp.Navigate(h.server.URL+signin.PathAccount),
		chromedp.Click("#sign-in"),
		chromedp.SendKeys("#token", aliceToken),
		chromedp.Click("button"),
		chromedp.WaitVisible("#person"),
	))
	require.Equal(t, "alice", see(t, tab, chromedp.Text("#person")))

	require.NoError(t, chromedp.Do(tab, chromedp.Click("#sign-out"), chromedp.WaitVisible("#sign-in")))
	require.Equal(t, "Not signed in", see(t, tab, chromedp.Text("h1")))
}

func see(t *testing.T, tab context.Context, what chromedp.Action[string]) string {
	t.Helper()
	seen, err := chromedp.Run(tab, what)
	require.NoError(t, err)
	return seen
}
