package keyring_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/internal/keyring"
)

func TestANameIsTheSameForTheSameThingAndForNoOther(t *testing.T) {
	t.Parallel()
	ring := keyring.New([]byte("a secret"))
	rapid.Check(t, func(rt *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringN(0, 3, -1), 0, 4)
		one, other := parts.Draw(rt, "one"), parts.Draw(rt, "other")
		first, err := ring.Names("ids", one...)
		require.NoError(rt, err)
		second, err := ring.Names("ids", other...)
		require.NoError(rt, err)
		require.Equal(rt, slices.Equal(one, other), slices.Equal(first[0], second[0]), "%q and %q", one, other)
	})
}

func TestNobodyWithoutTheSecretMakesTheName(t *testing.T) {
	t.Parallel()
	name := func(ring keyring.Ring, purpose string) []byte {
		names, err := ring.Names(purpose, "PINC01", "ada")
		require.NoError(t, err)
		return names[0]
	}
	ours := name(keyring.New([]byte("a secret")), "ids")
	require.NotEqual(t, ours, name(keyring.New([]byte("another")), "ids"))
	require.NotEqual(t, ours, name(keyring.Random(), "ids"))
	require.NotEqual(t, ours, name(keyring.New([]byte("a secret")), "cookies"))
}

func TestAReplacedSecretIsStillKnownAndMakesNothingNew(t *testing.T) {
	t.Parallel()
	before, after := keyring.New([]byte("old")), keyring.New([]byte("new"), []byte("old"))
	old, err := before.Names("ids", "x")
	require.NoError(t, err)
	both, err := after.Names("ids", "x")
	require.NoError(t, err)
	require.Equal(t, old[0], both[1])
	require.NotEqual(t, old[0], both[0])

	sealed, err := before.Seal("cookies", []byte("text"))
	require.NoError(t, err)
	text, ok := after.Open("cookies", sealed)
	require.True(t, ok)
	require.Equal(t, "text", string(text))
	sealed, err = after.Seal("cookies", []byte("text"))
	require.NoError(t, err)
	_, ok = before.Open("cookies", sealed)
	require.False(t, ok)
}

func TestWhatWasSealedOpensForItsPurposeAloneAndUnchanged(t *testing.T) {
	t.Parallel()
	ring := keyring.New([]byte("a secret"))
	sealed, err := ring.Seal("cookies", []byte("text"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "text")
	_, ok := ring.Open("ids", sealed)
	require.False(t, ok)
	for at := range sealed {
		changed := slices.Clone(sealed)
		changed[at] ^= 1
		_, ok = ring.Open("cookies", changed)
		require.False(t, ok)
	}
	_, ok = ring.Open("cookies", nil)
	require.False(t, ok)
}

func TestARingDoesNotShowItsSecrets(t *testing.T) {
	t.Parallel()
	require.True(t, keyring.Ring{}.IsZero())
	ring := keyring.New([]byte("a secret"))
	require.False(t, ring.IsZero())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", ring, ring, ring), "[97")
}
