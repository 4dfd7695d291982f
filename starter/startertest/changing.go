package startertest

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/reload"
)

// Changing is a configuration that a test changes while something goes on, as a file does that is read again.
func Changing(t testing.TB, first *config.Config) (live *reload.Live, change func(to *config.Config)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "curfew.yaml")
	require.NoError(t, os.WriteFile(file, []byte("ledger: {sqlite: ledger.db}\n"), 0o600))
	var next atomic.Pointer[config.Config]
	next.Store(first)
	live, err := reload.Open(config.Source{
		File: file, Serves: config.Nothing, Adjust: func(c *config.Config) { *c = *next.Load() },
	})
	require.NoError(t, err)
	return live, func(to *config.Config) {
		next.Store(to)
		if _, err := live.Reload(); err != nil {
			t.Errorf("the configuration does not change: %v", err)
		}
	}
}
