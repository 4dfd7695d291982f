package kinds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/kinds"
	"curfew/activities/target"
)

func TestEveryKindDescribesItsEntitlements(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds.Targets() {
		require.Equal(t, name, kind.Name)
		fields := target.FieldsOf(kind.Entitlement)
		require.NotEmpty(t, fields, name)
		for _, field := range fields {
			require.NotEmpty(t, field.Name, name)
			require.NotEmpty(t, field.Meaning, "%s: %s", name, field.Name)
		}
	}
}
