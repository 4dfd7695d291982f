// Package chromium runs a real browser for tests, without a window.
package chromium

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is far longer than a test drives a browser, also on a machine that is busy with other tests.
const patience = 3 * time.Minute

// Start returns a tab of a browser of its own, which ends with the test.
func Start(t testing.TB) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.IgnoreCertErrors, // a test's server has made its certificate itself
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return tab(t, ctx, chromedp.WithAllocatorOptions(options...))
}

// Another returns a tab of the same browser for somebody else: it shares no cookies.
func Another(t testing.TB, first context.Context) context.Context {
	t.Helper()
	return tab(t, first, chromedp.WithNewBrowserContext())
}

func tab(t testing.TB, parent context.Context, option chromedp.ContextOption) context.Context {
	t.Helper()
	ctx, _ := chromedp.NewContext(parent, option)
	t.Cleanup(
		func() { _ = chromedp.Cancel(ctx) },
	) // it waits until the tab, and with the first one the browser, is gone
	require.NoError(t, chromedp.Do(ctx), "the test needs Chromium: see scripts/test-deps.sh")
	return ctx
}
