package people

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFileTakesTheScopesThatThereAre(t *testing.T) {
	t.Parallel()
	field, found := reflect.TypeFor[ServiceToken]().FieldByName("Scopes")
	require.True(t, found)
	require.Equal(t, Scopes(), strings.Split(field.Tag.Get("enum"), ","))
}
