package target_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

type membership struct {
	Group string   `json:"group" doc:"the group's name"`
	Roles []string `json:"roles,omitempty" doc:"the roles within it"`
	Depth int      `json:"depth,omitempty" doc:"how many levels"`
}

func TestAnEntitlementIsDescribedByItsTags(t *testing.T) {
	t.Parallel()
	require.Equal(t, []target.Field{
		{Name: "group", Type: "text", Meaning: "the group's name"},
		{Name: "roles", Type: "list", Meaning: "the roles within it", Optional: true},
		{Name: "depth", Type: "number", Meaning: "how many levels", Optional: true},
	}, target.FieldsOf(membership{}))
}

func TestAnEntitlementIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	var read membership
	require.NoError(t, target.DecodeEntitlement(json.RawMessage(`{"group":"a","roles":["x"]}`), &read))
	require.Equal(t, membership{Group: "a", Roles: []string{"x"}}, read)
}

func TestAMistakeInAnEntitlementIsToldByItsField(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ written, field, says string }{
		"nothing":         {`null`, "", "not a set"},
		"a list":          {`[]`, "", "not a set"},
		"no JSON":         {`{`, "", "not a set"},
		"an unknown key":  {`{"group":"a","gruop":"b"}`, "gruop", "unknown"},
		"another case":    {`{"Group":"a"}`, "Group", "unknown"},
		"a missing key":   {`{"roles":[]}`, "group", "the group's name"},
		"another type":    {`{"group":7}`, "group", "number"},
		"a type within":   {`{"group":"a","roles":[7]}`, "roles", "number"},
		"one that is big": {`{"group":"` + strings.Repeat("a", 20<<10) + `"}`, "", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problem, ok := contract.ProblemOf(target.DecodeEntitlement(json.RawMessage(tc.written), new(membership)))
			require.True(t, ok)
			require.Equal(t, contract.KindInvalid, problem.Kind)
			require.Equal(t, tc.field, problem.Field)
			require.Contains(t, problem.Error(), tc.says)
			require.NotEmpty(t, problem.Fix)
		})
	}
}
