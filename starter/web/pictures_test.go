package web_test

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	alice.open("/signin?next=/ask")
	alice.picture("signin")
	alice.signIn("p-alice", "/ask/debug-prod?ticket=OPS-7")
	alice.do(chromedp.SendKeys("#reason", "Orders are late since 14:10. I want to see where the queue consumer waits."))
	alice.picture("ask")
	alice.do(chromedp.Click("#send"), chromedp.WaitVisible("#now"))
	request := alice.path()

	bob := alice.beside(phone())
	bob.signIn("p-bob", "/")
	bob.follows("#waiting", "Orders are late")
	bob.picture("inbox-phone")
	bob.open(request)
	bob.picture("review-phone")
	bob.do(chromedp.SendKeys("#approve-reason", "Go ahead, tell me what you find."), chromedp.Click("#approve"))
	bob.follows(".state", "active")

	alice.follows("#story", "Access granted")
	alice.picture("request")
	alice.do(dark())
	alice.picture("request-dark")
	alice.open("/")
	alice.picture("home-dark")
	alice.do(phone())
	alice.open("/ask/debug-prod/break-glass")
	alice.picture("break-glass-phone")
}

func desktop() chromedp.Action[chromedp.Void] { return chromedp.EmulateViewport(800, 1000) }

func dark() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

// picture writes what is on the screen. A palette keeps the file small.
func (b *tab) picture(name string) {
	b.t.Helper()
	taken, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	full, err := png.Decode(bytes.NewReader(taken))
	require.NoError(b.t, err)
	small := image.NewPaletted(full.Bounds(), paletteOf(full))
	draw.Draw(small, small.Bounds(), full, full.Bounds().Min, draw.Src)
	var text bytes.Buffer
	require.NoError(b.t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&text, small))
	require.NoError(b.t, os.WriteFile(filepath.Join(*pictures, "page-"+name+".png"), text.Bytes(), 0o600))
}

// paletteOf are the colours that are there most.
func paletteOf(picture image.Image) color.Palette {
	count := map[color.Color]int{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			count[picture.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	return colours[:min(len(colours), 256)]
}
