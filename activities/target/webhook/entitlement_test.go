package webhook_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/webhook"
	"curfew/workflows/contract"
)

func TestEntitlementsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`{"name":"reports"}`:                                      `{"name":"reports"}`,
		`{"name":"reports","attributes":{}}`:                      `{"name":"reports"}`,
		`{"name":"reports","attributes":null}`:                    `{"name":"reports"}`,
		` {"name" : "Zoë's", "attributes":{"b":"2","a":"1 < 2"}}`: `{"attributes":{"a":"1 \u003c 2","b":"2"},"name":"Zoë's"}`,
		attributes(20): attributes(20),
		`{"name":"` + strings.Repeat("n", 128) + `"}`: `{"name":"` + strings.Repeat("n", 128) + `"}`,
	} {
		got, err := webhook.Kind().Normalize(json.RawMessage(written))
		require.NoError(t, err, written)
		require.Equal(t, want, string(got))
		again, err := webhook.Kind().Normalize(got)
		require.NoError(t, err)
		require.Equal(t, string(got), string(again))
	}
}

func TestWrongEntitlementsAreExplained(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ written, field, part string }{
		"nothing":              {``, "", "not a set of keys"},
		"a text":               {`"reports"`, "", "not a set of keys"},
		"an unknown key":       {`{"name":"a","body":{}}`, "body", "unknown"},
		"another case":         {`{"Name":"a"}`, "Name", "unknown"},
		"no name":              {`{"attributes":{"a":"b"}}`, "name", "missing"},
		"an empty name":        {`{"name":""}`, "name", "empty"},
		"null for a name":      {`{"name":null}`, "name", "empty"},
		"a number for a name":  {`{"name":7}`, "name", "number"},
		"a name that is long":  {`{"name":"` + strings.Repeat("n", 129) + `"}`, "name", "129 bytes"},
		"a name of two lines":  {`{"name":"a\nb"}`, "name", "control"},
		"a name in spaces":     {`{"name":" a"}`, "name", "spaces"},
		"attributes in a list": {`{"name":"a","attributes":["b"]}`, "attributes", "array"},
		"21 attributes":        {attributes(21), "attributes", "21 entries"},
		"a nested attribute":   {`{"name":"a","attributes":{"b":{"c":"d"}}}`, "attributes", "object"},
		"an odd attribute":     {`{"name":"a","attributes":{"b.c":"d"}}`, "attributes", "b.c"},
		"a nameless attribute": {`{"name":"a","attributes":{"":"d"}}`, "attributes", "no name"},
		"an empty attribute":   {`{"name":"a","attributes":{"b":""}}`, "attributes.b", "empty"},
		"null for a value":     {`{"name":"a","attributes":{"b":null}}`, "attributes.b", "empty"},
		"a long attribute":     {`{"name":"a","attributes":{"b":"` + strings.Repeat("v", 257) + `"}}`, "attributes.b", "257 bytes"},
		"too large":            {`{"name":"` + strings.Repeat("n", 20_000) + `"}`, "", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := webhook.Kind().Normalize(json.RawMessage(tc.written))
			problem := requireProblem(t, err, contract.KindInvalid, tc.part)
			require.True(t, strings.HasPrefix(problem.Field, tc.field), problem.Field)
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestTheEntitlementIsDescribed(t *testing.T) {
	t.Parallel()
	fields := target.FieldsOf(webhook.Kind().Entitlement)
	require.Len(t, fields, 2)
	require.Equal(t, []any{"attributes", "mapping", true}, []any{fields[0].Name, fields[0].Type, fields[0].Optional})
	require.Equal(t, []any{"name", "text", false}, []any{fields[1].Name, fields[1].Type, fields[1].Optional})
}

func attributes(n int) string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = fmt.Sprintf(`"a%02d":"v"`, i)
	}
	return `{"attributes":{` + strings.Join(entries, ",") + `},"name":"n"}`
}
