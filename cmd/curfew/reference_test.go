package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the help of every command into docs/cli.md")

const pageOfTheCommand = `# The command curfew

This page has the help of every command; ` + "`curfew COMMAND --help`" + ` shows the same. The options of [curfew](#curfew) itself are
those of every command.
`

// inherited is what cobra prints below each command again: the options of the root.
var inherited = regexp.MustCompile("(?s)### Options inherited from parent commands\n\n```.*?```\n\n")

// reference is docs/cli.md: the help of every command, in the order of the tree.
func reference(t *testing.T) string {
	t.Helper()
	root := (&program{}).root()
	root.DisableAutoGenTag = true
	var page bytes.Buffer
	page.WriteString(pageOfTheCommand)
	var write func(c *cobra.Command)
	write = func(c *cobra.Command) {
		page.WriteString("\n")
		require.NoError(t, doc.GenMarkdownCustom(c, &page, func(file string) string {
			return "#" + strings.ReplaceAll(strings.TrimSuffix(file, ".md"), "_", "-")
		}))
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
				write(sub)
			}
		}
	}
	write(root)
	text := inherited.ReplaceAllString(page.String(), "")
	text = strings.NewReplacer("### SEE ALSO", "### See also", "\t - ", ": ").Replace(text)
	return regexp.MustCompile(`\n{3,}`).ReplaceAllString(text, "\n\n")
}

func TestThePageOfTheCommandIsWhatItsHelpSays(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "cli.md")
	want := reference(t)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err, "write it: go test ./cmd/curfew -run TestThePageOfTheCommand -update")
	require.Equal(t, want, string(have), "write it anew: go test ./cmd/curfew -run TestThePageOfTheCommand -update")
}
