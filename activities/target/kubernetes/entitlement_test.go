package kubernetes_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/kubernetes"
	"curfew/workflows/contract"
)

func TestEntitlementsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		` { "namespace" : "shop", "clusterRole":"pod-debugger"}`: `{"clusterRole":"pod-debugger","namespace":"shop"}`,
		`{"role":"debugger","namespace":"shop"}`:                 `{"namespace":"shop","role":"debugger"}`,
		`{"clusterRole":"node reader:v1"}`:                       `{"clusterRole":"node reader:v1"}`,
		`{"clusterRole":"a","namespace":"shop","verify":{"verb":"create","resource":"pods/exec"}}`: `{"clusterRole":"a","namespace":"shop",` +
			`"verify":{"namespace":"shop","resource":"pods/exec","verb":"create"}}`,
		`{"clusterRole":"a","verify":{"verb":"get","resource":"deployments","group":"apps"}}`: `{"clusterRole":"a",` +
			`"verify":{"group":"apps","resource":"deployments","verb":"get"}}`,
		`{"clusterRole":"a","verify":{"verb":"get","resource":"pods","namespace":"shop"}}`: `{"clusterRole":"a",` +
			`"verify":{"namespace":"shop","resource":"pods","verb":"get"}}`,
	} {
		got, err := kubernetes.Kind().Normalize(json.RawMessage(written))
		require.NoError(t, err, written)
		require.Equal(t, want, string(got))
		again, err := kubernetes.Kind().Normalize(got)
		require.NoError(t, err)
		require.Equal(t, string(got), string(again))
	}
}

func TestWrongEntitlementsAreExplained(t *testing.T) {
	t.Parallel()
	verify := func(question string) string {
		return `{"clusterRole":"a","namespace":"shop","verify":` + question + `}`
	}
	for name, tc := range map[string]struct{ written, field, says string }{
		"nothing":                       {``, "", "not a set"},
		"a list":                        {`[]`, "", "not a set"},
		"no role":                       {`{"namespace":"shop"}`, "clusterRole", "missing"},
		"two roles":                     {`{"role":"a","clusterRole":"b","namespace":"shop"}`, "role", "too many"},
		"an unknown key":                {`{"clusterRole":"a","ns":"shop"}`, "ns", "unknown"},
		"another case":                  {`{"clusterrole":"a"}`, "clusterrole", "unknown"},
		"another type":                  {`{"clusterRole":7}`, "clusterRole", "number"},
		"a role without its namespace":  {`{"role":"a"}`, "namespace", "missing"},
		"an empty namespace":            {`{"clusterRole":"a","namespace":""}`, "namespace", "empty"},
		"a namespace of null":           {`{"clusterRole":"a","namespace":null}`, "namespace", "empty"},
		"an empty role":                 {`{"clusterRole":""}`, "clusterRole", "empty"},
		"a role of null beside another": {`{"clusterRole":"a","role":null}`, "role", "empty"},
		"no namespace's name":           {`{"clusterRole":"a","namespace":"Shop/x"}`, "namespace", "namespace"},
		"a long namespace":              {`{"clusterRole":"a","namespace":"` + strings.Repeat("a", 64) + `"}`, "namespace", "namespace"},
		"a way out of the path":         {`{"clusterRole":".."}`, "clusterRole", "role"},
		"a slash":                       {`{"clusterRole":"a/b"}`, "clusterRole", "role"},
		"an escape":                     {`{"clusterRole":"a%2fb"}`, "clusterRole", "role"},
		"a control character":           {`{"clusterRole":"a\u0000"}`, "clusterRole", "role"},
		"a long role":                   {`{"clusterRole":"` + strings.Repeat("a", 254) + `"}`, "clusterRole", "role"},
		"everything":                    {`{"clusterRole":"cluster-admin"}`, "clusterRole", "make the access last"},
		"everything in a namespace":     {`{"clusterRole":"cluster-admin","namespace":"shop"}`, "clusterRole", "make the access last"},
		"the cluster's own":             {`{"clusterRole":"system:node"}`, "clusterRole", "make the access last"},
		"the cluster's own in a place":  {`{"role":"system:x","namespace":"kube-system"}`, "role", "make the access last"},
		"an empty question":             {verify(`{}`), "verify", "empty"},
		"a question of null":            {verify(`null`), "verify", "empty"},
		"a question that is text":       {verify(`"get pods"`), "verify", "string"},
		"a question with more":          {verify(`{"verb":"get","resource":"pods","name":"a"}`), "", "name"},
		"no verb":                       {verify(`{"resource":"pods"}`), "verify.verb", "no verb"},
		"every verb":                    {verify(`{"verb":"*","resource":"pods"}`), "verify.verb", "no verb"},
		"no resource":                   {verify(`{"verb":"get"}`), "verify.resource", "no resource"},
		"every resource":                {verify(`{"verb":"get","resource":"*"}`), "verify.resource", "no resource"},
		"no group's name":               {verify(`{"verb":"get","resource":"pods","group":"a b"}`), "verify.group", "group"},
		"another namespace":             {verify(`{"verb":"get","resource":"pods","namespace":"other"}`), "verify.namespace", "shop"},
		"too large":                     {`{"clusterRole":"` + strings.Repeat("a", 20_000) + `"}`, "", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := kubernetes.Kind().Normalize(json.RawMessage(tc.written))
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field)
			require.Contains(t, problem.Error(), tc.says)
			require.NotEmpty(t, problem.Fix)
			require.Less(t, len(problem.Error()), 1000)
		})
	}
}

func TestTheFieldsOfAnEntitlementAreDescribed(t *testing.T) {
	t.Parallel()
	types := map[string]string{}
	for _, field := range target.FieldsOf(kubernetes.Kind().Entitlement) {
		require.True(t, field.Optional, field.Name)
		require.NotEmpty(t, field.Meaning)
		types[field.Name] = field.Type
	}
	require.Equal(
		t,
		map[string]string{"clusterRole": "text", "namespace": "text", "role": "text", "verify": "mapping"},
		types,
	)
}

func requireProblem(t *testing.T, err error, kinds ...contract.Kind) *contract.Problem {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "%v", err)
	require.Contains(t, kinds, problem.Kind, "%v", err)
	return problem
}
