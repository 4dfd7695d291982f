package scim

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever a user or a group is called, a filter compares with exactly that: no name ends its own text.
func FuzzAFilterComparesWithExactlyWhatItIsGiven(f *testing.F) {
	for _, seed := range []string{
		"alice", `a" or userName pr or "`, `\`, `\"`, "a\nb", "\x00", "\u2028", "<&>", "ä", "\xff", `x" and "`, "😀",
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, name, other string) {
		query, err := url.ParseQuery(where("userName", name, "externalId", other).Encode())
		require.NoError(t, err)
		rest, found := strings.CutPrefix(query.Get("filter"), "userName eq ")
		require.True(t, found)
		require.Equal(t, meant(name), first(t, rest))
		reader := json.NewDecoder(strings.NewReader(rest))
		var text string
		require.NoError(t, reader.Decode(&text))
		rest, found = strings.CutPrefix(rest[reader.InputOffset():], " and externalId eq ")
		require.True(t, found, rest)
		require.Equal(t, meant(other), first(t, rest))
		path := operation{Path: "members[value eq " + quoted(name) + "]"}.Path
		require.Equal(t, meant(name), first(t, strings.TrimSuffix(strings.TrimPrefix(path, "members[value eq "), "]")))
	})
}

// meant is a name as JSON can write it: what is not UTF-8 is replaced.
func meant(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var read string
	written, _ := json.Marshal(name)
	_ = json.Unmarshal(written, &read)
	return read
}

// first is the text at the beginning of a filter, as a reader of JSON takes it.
func first(t *testing.T, filter string) (text string) {
	t.Helper()
	require.NoError(t, json.NewDecoder(strings.NewReader(filter)).Decode(&text), filter)
	return text
}
