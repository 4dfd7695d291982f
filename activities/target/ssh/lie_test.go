package ssh_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ssh"
)

// disk is what keeps an authority's state. It can take what is written, and have forgotten it when it is read next: what
// a grant or a revoke writes then goes to a copy.
type disk struct {
	full     // on the authority's state
	settings ssh.Settings
	lying    atomic.Bool
	copies   func(ssh.Settings) target.Connector
}

// full is a connector with all that this kind offers.
type full interface {
	target.Connector
	target.Checker
	target.Lister
	target.CertificateIssuer
}

func newDisk(t *testing.T, settings ssh.Settings) *disk {
	t.Helper()
	return &disk{
		full:     connector(t, settings).(full),
		settings: settings,
		copies: func(at ssh.Settings) target.Connector {
			folder := t.TempDir()
			at.State, at.KRL = filepath.Join(folder, "state"), filepath.Join(folder, "krl")
			require.NoError(t, os.CopyFS(at.State, os.DirFS(settings.State)))
			list, err := os.ReadFile(settings.KRL)
			require.NoError(t, err)
			write(t, at.KRL, string(list))
			return connector(t, at)
		},
	}
}

func (d *disk) lie() (honest func()) {
	d.lying.Store(true)
	return func() { d.lying.Store(false) }
}

func (d *disk) written() target.Connector {
	if d.lying.Load() {
		return d.copies(d.settings)
	}
	return d.full
}

func (d *disk) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	return d.written().Grant(ctx, access)
}

func (d *disk) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	return d.written().Revoke(ctx, access)
}
