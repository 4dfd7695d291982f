package seal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/seal"
)

func TestANameIsTheKeysOwnAndAlwaysTheSame(t *testing.T) {
	t.Parallel()
	signers := make([]*seal.Signer, 2)
	for i := range signers {
		_, private, err := seal.NewKey(seal.RoleServer, time.Now())
		require.NoError(t, err)
		signers[i], err = seal.ParseSigner(string(private))
		require.NoError(t, err)
	}
	name := signers[0].Name("revoke", "01R", "alice")
	require.Equal(t, name, signers[0].Name("revoke", "01R", "alice"))
	require.NotEqual(t, name, signers[1].Name("revoke", "01R", "alice"), "another key makes another name")
	require.NotEqual(t, name, signers[0].Name("revoke", "01Ra", "lice"))
	require.Regexp(t, `^revoke/[0-9a-f]{32}$`, name)
	var none *seal.Signer
	require.Equal(t, "revoke/01R/alice", none.Name("revoke", "01R", "alice"))
}
