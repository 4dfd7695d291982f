package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/bench/report"
)

var update = flag.Bool("update", false, "write docs/performance.md from docs/bench.json")

func TestThePageOfPerformanceIsMadeFromTheFigures(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "docs", "performance.md")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	kept, err := report.Read(filepath.Join("..", "..", "..", "docs", "bench.json"))
	require.NoError(t, err)
	page, err := report.Page(string(text), kept)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
		return
	}
	require.Equal(t, page, string(text), "run this test with -update")
	require.Empty(t, kept.Failed, "only a whole run is kept")
	require.NotEmpty(t, kept.Figures)
	for _, figure := range kept.Figures {
		require.Contains(t, string(text), "**"+figure.Title+"**", "the page has a section for each part")
	}
}
