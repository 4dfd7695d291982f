package signin_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/oidc"
	"curfew/starter/signin"
)

// chromium is a tab of a browser of its own, which ends with the test.
func chromium(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.IgnoreCertErrors, // the test's server has made its certificate itself
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(options...))
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // it waits until the browser is gone
	require.NoError(t, chromedp.Do(ctx), "the test needs Chromium: see scripts/test-deps.sh")
	return ctx
}

func TestAPersonSignsInAndOutWithARealBrowser(t *testing.T) {
	t.Parallel()
	h := open(t)
	tab := chromium(t)

	require.NoError(t, chromedp.Do(tab,
		chromedp.Navigate(h.server.URL+signin.PathAccount),
		chromedp.Click("#sign-in"),
		chromedp.SendKeys("#username", "alice"),
		chromedp.SendKeys("#password", oidc.Password),
		chromedp.Click("button"),
		chromedp.WaitVisible("#person"),
	))
	require.Equal(t, "alice", see(t, tab, chromedp.Text("#person")))
	require.Equal(t, h.server.URL+signin.PathAccount, see(t, tab, chromedp.Location()), "no code is left in the address")

	require.NoError(t, chromedp.Do(tab, chromedp.Click("#sign-out"), chromedp.WaitVisible("#sign-in")))
	require.Equal(t, "Not signed in", see(t, tab, chromedp.Text("h1")))
}

func see(t *testing.T, tab context.Context, what chromedp.Action[string]) string {
	t.Helper()
	seen, err := chromedp.Run(tab, what)
	require.NoError(t, err)
	return seen
}
