package contract_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestEveryFieldOfAPurposeIsDescribedOnce(t *testing.T) {
	t.Parallel()
	var inStruct, described []string
	for i := range reflect.TypeFor[contract.Purpose]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[contract.Purpose]().Field(i).Tag.Get("json"), ",")
		inStruct = append(inStruct, name)
	}
	var purpose contract.Purpose
	for _, field := range contract.PurposeFields() {
		described = append(described, field.Name)
		require.NotEmpty(t, field.Label, field.Name)
		require.NotEmpty(t, field.Meaning, field.Name)
		require.NotEmpty(t, field.Flag, field.Name)
		require.Equal(t, 2, strings.Count(field.Help, "`"), "%s: the help names the kind of value", field.Name)
		require.Positive(t, field.Bound, field.Name)
		require.Empty(t, *field.In(&purpose), "%s is a place of its own", field.Name)
		*field.In(&purpose) = field.Name
	}
	require.Equal(t, inStruct, described)
	value := reflect.ValueOf(purpose)
	for i, name := range inStruct {
		require.Equal(t, name, value.Field(i).String(), "the row of a field is about that field")
	}
	require.Len(t, append(purpose.Facts(), purpose.Prose()...), len(described), "each is a fact or prose")
	for _, fact := range purpose.Facts() {
		require.Contains(t, purpose.Lines(), fact.Label+": "+fact.Value)
	}
}
