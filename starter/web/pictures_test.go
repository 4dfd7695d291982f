package web_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var pictures = flag.String("pictures", "", "the `folder` to write the pictures of docs/pages.md to, as docs/images")

// TestThePagesForTheirPictures makes the pictures of the documentation.
func TestThePagesForTheirPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("pictures are made with -pictures")
	}
	h := open(t)
	alice := h.sits(t, desktop())
	alice.signIn("p-alice", "/ask/debug-prod?ticket=OPS-7")
	alice.do(chromedp.SendKeys("#reason", "Orders are late since 14:10. I want to see where the queue consumer waits."))
	alice.picture("page-ask-desktop")
	alice.do(phone())
	alice.picture("page-ask-phone")
	alice.do(desktop(), chromedp.Click("#send"), chromedp.WaitVisible("#now"))
	request := alice.path()

	bob := alice.beside(phone())
	bob.signIn("p-bob", "/")
	bob.follows("#waiting", "Orders are late")
	bob.picture("page-inbox-phone")
	bob.open(request)
	bob.picture("page-review-phone")
	bob.do(chromedp.SendKeys("#approve-reason", "Go ahead, tell me what you find."), chromedp.Click("#approve"))
	bob.follows(".state", "active")

	alice.follows("#story", "Access granted")
	alice.picture("page-request-desktop")
	alice.do(dark())
	alice.picture("page-request-dark")
	alice.open("/ask/debug-prod/break-glass")
	alice.do(phone())
	alice.picture("page-glass-phone")
	alice.open("/")
	alice.do(desktop())
	alice.picture("page-home-dark")
	alice.open("/ask")
	alice.picture("page-choose-dark")
}

func desktop() chromedp.Action[chromedp.Void] { return chromedp.EmulateViewport(960, 720) }

func dark() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

func (b *tab) picture(name string) {
	b.t.Helper()
	image, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(*pictures, name+".png"), image, 0o600))
}
