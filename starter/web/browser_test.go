package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/chromium"
	"curfew/internal/testserver/oidc"
	"curfew/internal/testserver/pace"
)

// tab is somebody before a browser.
type tab struct {
	t   testing.TB
	h   *house
	ctx context.Context
}

// patience is far longer than anything takes on a busy machine.
var patience = pace.Patience()

// sits is somebody before a browser of their own.
func (h *house) sits(t testing.TB, options ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	b := &tab{t, h, chromium.Start(t)}
	b.do(options...)
	return b
}

// beside is somebody else before the same machine.
func (b *tab) beside(options ...chromedp.Action[chromedp.Void]) *tab {
	b.t.Helper()
	other := &tab{b.t, b.h, chromium.Another(b.t, b.ctx)}
	other.do(options...)
	return other
}

// phone is a small screen.
func phone() chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2))
}

func noScript() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(
			ctx,
			t,
			emulation.SetScriptExecutionDisabled,
			emulation.SetScriptExecutionDisabledParams{Value: true},
		)
		return err
	})
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		require.NoError(b.t, err, "at %s", b.where())
	}
}

// where is the address and what can be read there, for those who look into a failed test.
func (b *tab) where() string {
	address, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	text, _ := chromedp.Run(b.ctx, chromedp.Text("body"))
	return address + "\n" + text
}

// open goes to a path.
func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.h.url + path))
}

// signIn signs in with a token, at the page that a path leads to.
func (b *tab) signIn(person, path string) {
	b.t.Helper()
	b.open(path)
	b.do(chromedp.SendKeys("#token", token(person)), chromedp.Click("#sign-in"), chromedp.WaitVisible(".me"))
}

// throughProvider goes to a path and signs in at the provider on the way.
func (b *tab) throughProvider(subject, path string) {
	b.t.Helper()
	b.open(path)
	b.do(
		chromedp.SendKeys(
			"#username",
			subject,
		),
		chromedp.SendKeys("#password", oidc.Password),
		chromedp.Click("button"),
		chromedp.WaitVisible(".me"),
	)
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Text(selector))
	if err != nil {
		require.NoError(b.t, err, "%s at %s", selector, b.where())
	}
	return text
}

func (b *tab) value(selector string) string {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Value(selector))
	require.NoError(b.t, err)
	return value
}

func (b *tab) path() string {
	b.t.Helper()
	address, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	require.Contains(b.t, address, b.h.url)
	return address[len(b.h.url):]
}

// there is true when something is on the page now.
func (b *tab) there(selector string) bool {
	b.t.Helper()
	nodes, err := chromedp.Run(b.ctx, chromedp.Nodes(selector, chromedp.AtLeast(0)))
	require.NoError(b.t, err)
	return len(nodes) > 0
}

// follows waits until the page, which nobody loads again, says something.
func (b *tab) follows(selector, says string) {
	b.t.Helper()
	b.waits(selector, says, func() bool { return true })
}

// becomes loads the page again and again until it says something.
func (b *tab) becomes(selector, says string) {
	b.t.Helper()
	b.waits(selector, says, func() bool { return chromedp.Do(b.ctx, chromedp.Reload()) == nil })
}

func (b *tab) waits(selector, says string, before func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !before() || !b.says(selector, says) {
		require.True(b.t, time.Now().Before(deadline), "no %q in %s at %s", says, selector, b.where())
	}
}

func (b *tab) says(selector, what string) bool {
	ctx, cancel := context.WithTimeout(b.ctx, pace.Lasts(time.Second))
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Text(selector))
	return err == nil && strings.Contains(text, what)
}

// tomorrow is a time as the browser's field takes it.
func tomorrow() string { return time.Now().UTC().Add(24 * time.Hour).Format("2006-01-02T15:04") }
