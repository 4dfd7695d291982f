package story_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
)

func TestNothingInATextHidesWhatStandsAroundIt(t *testing.T) {
	t.Parallel()
	for text, visible := range map[string]string{
		"two\r\nlines\tand a tab":     "two\nlines\tand a tab",
		"a\rb\x1b[2Jc\x00\u0085d":     "a\ufffdb\ufffd[2Jc\ufffd\ufffdd",
		"\u202eover\u2066there\u200e": "\ufffdover\ufffdthere\ufffd",
		"broken \xff encoding":        "broken \ufffd encoding",
		"ordinary äöü 😀":              "ordinary äöü 😀",
	} {
		require.Equal(t, visible, story.Visible(text))
	}
}
