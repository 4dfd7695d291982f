package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

// PathAssets is where the layout's own files are.
const PathAssets = "/assets/"

//go:embed assets
var assets embed.FS

// named are the files of the layout under the paths that browsers ask for. The digest in a path lets browsers keep a
// file for good.
var named = map[string]asset{}

type asset struct {
	path, kind string
	text       []byte
}

func init() {
	for name, kind := range map[string]string{
		"style.css": "text/css; charset=utf-8", "script.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		text, _ := assets.ReadFile("assets/" + name) // what is embedded can be read
		digest := sha256.Sum256(text)
		stem, end := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
		named[name] = asset{PathAssets + stem + "." + hex.EncodeToString(digest[:8]) + end, kind, text}
	}
}

func assetPath(name string) string { return named[name].path }

// Assets answers with the files of the layout. They are the same for everybody.
func (f *Frame) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		for _, file := range named {
			if file.path == r.URL.Path {
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
				w.Header().Set("Content-Type", file.kind)
				_, _ = w.Write(file.text) // the browser may be gone
				return
			}
		}
		http.NotFound(w, r)
	})
}
