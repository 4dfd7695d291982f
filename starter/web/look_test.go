package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"curfew/starter/signin"
)

func TestNoPageIsWiderThanASmallPhone(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t, chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile))
	alice.signIn(
		"p-alice",
		"/ask/debug-prod?ticket=OPS-7&incident="+strings.Repeat("i", 120)+"&reason="+strings.Repeat("w", 700),
	)
	alice.do(chromedp.Click(".more summary"), chromedp.WaitVisible("#start"))
	alice.fits()
	alice.do(chromedp.Click("#send"), chromedp.WaitVisible("#now"))
	alice.follows("#story", "Access requested")
	alice.fits()
	request := alice.path()
	for _, path := range []string{"/", "/?list=all", "/ask", "/ask/debug-prod/break-glass", "/account", "/no-such", "/requests/no-such"} {
		alice.open(path)
		if path != "/no-such" { // the API's, which answers programs
			alice.fits()
		}
	}
	bob := alice.beside(chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile))
	bob.signIn("p-bob", request)
	bob.do(chromedp.Click("#deny-open"), chromedp.WaitVisible("#deny"))
	bob.fits()
}

// fits holds that nothing sticks out of the screen, and that everything can be hit with a thumb.
func (b *tab) fits() {
	b.t.Helper()
	wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("body *")]
		.filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".aside, .skip"))
		.map((e) => e.outerHTML.slice(0, 200))`))
	require.NoError(b.t, err)
	require.Empty(b.t, wide, b.path())
	scrolls, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`))
	require.NoError(b.t, err)
	require.False(b.t, scrolls, b.path())
	small, err := chromedp.Run(
		b.ctx,
		chromedp.Evaluate[[]string](
			`[...document.querySelectorAll("button, .button, summary, select, nav a, .chips span")]
		.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 40)
		.map((e) => e.outerHTML.slice(0, 200))`,
		),
	)
	require.NoError(b.t, err)
	require.Empty(b.t, small, b.path())
}

func TestEveryFieldHasALabelAndEveryPageAHeadline(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t)
	alice.signIn("p-alice", "/ask/debug-prod?ticket=OPS-7&reason=to+look")
	alice.isLabelled()
	alice.do(chromedp.Click("#send"), chromedp.WaitVisible("#now"))
	request := alice.path()
	for _, path := range []string{request, "/", "/ask", "/ask/debug-prod/break-glass", "/account"} {
		alice.open(path)
		alice.isLabelled()
	}
	bob := alice.beside()
	bob.open(signin.PathSignIn)
	bob.isLabelled()
	bob.signIn("p-bob", request)
	bob.isLabelled()
}

func (b *tab) isLabelled() {
	b.t.Helper()
	bare, err := chromedp.Run(
		b.ctx,
		chromedp.Evaluate[[]string](
			`[...document.querySelectorAll("input:not([type=hidden]), textarea, select, button, a, summary")]
		.filter((e) => e.labels?.length ? false : !(e.textContent.trim()))
		.map((e) => e.outerHTML.slice(0, 200))`,
		),
	)
	require.NoError(b.t, err)
	require.Empty(b.t, bare, b.path())
	twice, err := chromedp.Run(
		b.ctx,
		chromedp.Evaluate[[]string](
			`[...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)`,
		),
	)
	require.NoError(b.t, err)
	require.Empty(b.t, twice, b.path())
	headlines, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](`document.querySelectorAll("h1").length`))
	require.NoError(b.t, err)
	require.Equal(b.t, 1, headlines, b.path())
}

// The names are those of the style sheet's colours: what is written, and on what.
func TestColoursHaveEnoughContrastInLightAndDark(t *testing.T) {
	t.Parallel()
	h := open(t)
	alice := h.sits(t)
	alice.open("/account")
	for _, look := range []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(390, 844), dark()} {
		alice.do(look)
		weak, err := chromedp.Run(alice.ctx, chromedp.Evaluate[[]string](`(() => {
			const style = getComputedStyle(document.documentElement);
			const light = (name) => {
				const parts = style.getPropertyValue("--" + name).trim().slice(1).match(/../g).map((x) => parseInt(x, 16) / 255);
				const [r, g, b] = parts.map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
				return 0.2126 * r + 0.7152 * g + 0.0722 * b;
			};
			return [["ink", "ground"], ["ink", "card"], ["soft", "ground"], ["soft", "card"], ["link", "ground"], ["on-first", "first"],
				["on-yes", "yes"], ["no", "card"], ["no", "no-ground"], ["card", "no"], ["ink", "no-ground"], ["on", "on-ground"],
				["waits", "waits-ground"], ["moves", "moves-ground"]]
				.filter(([a, b]) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05) < 4.5)
				.map((pair) => pair.join(" on "));
		})()`))
		require.NoError(t, err)
		require.Empty(t, weak)
	}
}

func TestALinkInAMessageLeadsThroughTheProviderToTheRequest(t *testing.T) {
	t.Parallel()
	h := openWith(t, true)
	alice := h.sits(t)
	alice.throughProvider("alice", "/ask/debug-prod?ticket=OPS-7&reason=to+look")
	alice.do(chromedp.WaitVisible("#send"), chromedp.Click("#send"), chromedp.WaitVisible("#now"))
	request := alice.path()

	bob := alice.beside(phone())
	bob.throughProvider("bob", request)
	bob.do(chromedp.WaitVisible("#approve"), chromedp.Click("#approve"), chromedp.WaitNotPresent("#decide"))
	require.Equal(t, request, bob.path())
	alice.follows(".state", "active")
	require.True(t, h.lightrun.Can("alice@example.org", pool))
}
