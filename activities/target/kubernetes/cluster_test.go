//go:build kubernetes

package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"

	"curfew/activities/target"
	"curfew/activities/target/kubernetes"
	"curfew/internal/config"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

func grant(t *testing.T, connector target.Connector, wanted target.Access) {
	t.Helper()
	granted, err := connector.Grant(t.Context(), wanted)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
}

func requireHeld(t *testing.T, connector target.Connector, wanted target.Access, held bool) {
	t.Helper()
	state, err := connector.Inspect(t.Context(), wanted)
	require.NoError(t, err)
	require.Equal(t, held, state.Held)
}

// path leads to the binding of an access in the shop.
func (w *world) path(of target.Access) string { return w.bindings(w.shop) + "/curfew-" + of.Key }

func (w *world) read(t *testing.T, path string) (binding rbacv1.RoleBinding) {
	t.Helper()
	status, body := w.server.Do(t, http.MethodGet, path, "", nil)
	require.Equal(t, http.StatusOK, status, "%s", body)
	require.NoError(t, json.Unmarshal(body, &binding))
	return binding
}

func TestTheBrokerOfThePageCanBindNoOtherRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broker := "system:serviceaccount:" + w.name + ":" + w.name
	bind := func(role string) int {
		name := w.name + "-attempt-" + role
		status, _ := w.server.Do(t, http.MethodPost, w.bindings(""), broker, map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1",
			"kind":       "ClusterRoleBinding",
			"metadata":   map[string]any{"name": name},
			"roleRef":    map[string]any{"apiGroup": rbacv1.GroupName, "kind": "ClusterRole", "name": role},
			"subjects":   []any{map[string]any{"kind": "User", "apiGroup": rbacv1.GroupName, "name": "alice"}},
		})
		return status
	}
	require.Equal(t, http.StatusCreated, bind(w.role))
	require.Equal(t, http.StatusForbidden, bind("cluster-admin"))
	require.Equal(t, http.StatusForbidden, bind("system:kube-scheduler"))

	// Nor can it let somebody in by a binding that is there.
	status, _ := w.server.Do(t, http.MethodPatch, w.bindings("")+"/cluster-admin", broker, map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1",
		"kind":       "ClusterRoleBinding",
		"metadata":   map[string]any{"name": "cluster-admin"},
		"roleRef":    map[string]any{"apiGroup": rbacv1.GroupName, "kind": "ClusterRole", "name": "cluster-admin"},
		"subjects":   []any{map[string]any{"kind": "User", "apiGroup": rbacv1.GroupName, "name": "alice"}},
	})
	require.Equal(t, http.StatusForbidden, status)
	require.NoError(t, w.connector(t).(target.Checker).Check(t.Context()))
}

func TestAMissingRightIsToldWithWhatIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := newWorld(t)
	connector := w.connector(t)
	_, err := connector.Grant(
		t.Context(),
		w.access(w.user(), fmt.Sprintf(`{"clusterRole":%q,"namespace":%q}`, other.role, w.shop)),
	)
	problem := requireProblem(t, err, contract.KindDenied)
	require.Contains(t, problem.Fix, "get and bind clusterroles named "+other.role)

	powerless := open(t, kubernetes.Settings{
		URL:    w.server.URL(),
		CAFile: w.server.CAFile(),
		Token:  config.SecretOf(w.server.Token(t, w.shop, robot(w.serviceAccount(t)))),
	})
	_, err = powerless.Revoke(t.Context(), w.access("alice", w.inShop()))
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "get rolebindings")
	_, err = powerless.(target.Lister).List(t.Context())
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "list rolebindings")
	requireProblem(t, powerless.(target.Checker).Check(t.Context()), contract.KindDenied)
}

// robot is the name of a service account within its namespace.
func robot(account string) string { return account[strings.LastIndex(account, ":")+1:] }

func TestARoleThatMayBeReadButNotBoundIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Apply(t, rbacAPI+"/clusterroles/"+w.name, map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": map[string]any{"name": w.name},
		"rules": []rbacv1.PolicyRule{
			{
				APIGroups: []string{rbacv1.GroupName},
				Resources: []string{"rolebindings", "clusterroles"},
				Verbs:     []string{"get", "list", "create", "patch"},
			},
		},
	})
	connector, wanted := w.connector(
		t,
	), w.access(
		w.user(),
		fmt.Sprintf(`{"clusterRole":%q,"namespace":%q}`, w.role, w.shop),
	)
	require.Eventually(t, func() bool {
		_, err := connector.Grant(t.Context(), wanted)
		problem, _ := contract.ProblemOf(err)
		return problem != nil && problem.Kind == contract.KindDenied &&
			strings.Contains(problem.Fix, "bind clusterroles named "+w.role)
	}, pace.Patience(), 10*time.Millisecond)
}

func TestWhatCouldNotBeTakenAwayIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector := w.connector(t)
	rule := func(group, resource, verb string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}}
	}
	for _, danger := range []rbacv1.PolicyRule{
		rule("*", "*", "*"),
		rule(rbacv1.GroupName, "rolebindings", "create"), rule(rbacv1.GroupName, "clusterrolebindings", "patch"),
		rule(rbacv1.GroupName, "roles", "update"), rule(rbacv1.GroupName, "clusterroles", "escalate"),
		rule(rbacv1.GroupName, "*", "bind"), rule("*", "rolebindings", "*"),
		rule("", "users", "impersonate"), rule("", "groups", "impersonate"), rule("", "serviceaccounts", "*"),
		rule("", "serviceaccounts/token", "create"), rule("", "*/token", "create"),
		rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
	} {
		w.setRules(t, rule("", "pods", "list"), danger)
		before := w.snapshot(t, "")
		for _, entitlement := range []string{w.inShop(), fmt.Sprintf(`{"role":%q,"namespace":%q}`, w.role, w.shop)} {
			_, err := connector.Grant(t.Context(), w.access(w.user(), entitlement))
			problem := requireProblem(t, err, contract.KindDenied)
			require.Contains(t, problem.Fault, "could not be taken away", "%v", danger)
			require.Contains(t, []string{"role", "clusterRole"}, problem.Field)
		}
		require.Equal(t, before, w.snapshot(t, ""))
	}
	w.setRules(
		t,
		rule("", "pods", "list"),
		rule(rbacv1.GroupName, "rolebindings", "list"),
		rule("apps", "users", "impersonate"),
	)
	grant(t, connector, w.access(w.user(), w.inShop()))
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector := w.connector(t)
	for entitlement, field := range map[string]string{
		fmt.Sprintf(`{"clusterRole":%q,"namespace":"nowhere"}`, w.role):                 "namespace",
		fmt.Sprintf(`{"role":%q,"namespace":%q}`, w.role, w.name):                       "role",
		fmt.Sprintf(`{"role":%q,"namespace":"nowhere"}`, w.role):                        "role",
		`{"clusterRole":"` + w.role + `","verify":{"verb":"delete","resource":"pods"}}`: "verify",
	} {
		_, err := connector.Grant(t.Context(), w.access(w.user(), entitlement))
		problem := requireProblem(t, err, contract.KindNotFound, contract.KindDenied)
		require.Equal(t, field, problem.Field, problem.Error())
		require.NotEmpty(t, problem.Fix)
	}
	status, _ := w.server.Do(t, http.MethodDelete, rbacAPI+"/clusterroles/"+w.role, "", nil)
	require.Equal(t, http.StatusOK, status)
	_, err := connector.Grant(t.Context(), w.access(w.user(), w.inShop()))
	require.Equal(t, "clusterRole", requireProblem(t, err, contract.KindNotFound).Field)
}

func TestTheBindingTellsWhoHasItUntilWhenAndWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, wanted := w.connector(t), w.access(w.user(), w.inShop())
	wanted.Reference = "OPS-7"
	grant(t, connector, wanted)
	before := w.read(t, w.path(wanted))
	require.Equal(
		t,
		map[string]string{"app.kubernetes.io/managed-by": "curfew", "curfew.dev/key": wanted.Key},
		before.Labels,
	)
	require.Equal(t, "OPS-7", before.Annotations["curfew.dev/reference"])
	require.Equal(t, wanted.Until.UTC().Format(time.RFC3339), before.Annotations["curfew.dev/until"])
	require.Equal(t, "curfew", before.ManagedFields[0].Manager)

	wanted.Until = wanted.Until.Add(time.Hour)
	_, err := connector.Grant(t.Context(), wanted)
	require.NoError(t, err)
	after := w.read(t, w.path(wanted))
	require.Equal(t, wanted.Until.UTC().Format(time.RFC3339), after.Annotations["curfew.dev/until"])
	require.Equal(t, before.UID, after.UID)
}

func TestADeletionThatLandsLateDoesNotHitANewerBinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	front, wanted := newLine(t, w), w.access(w.user(), w.inShop())
	direct := w.connector(t)
	grant(t, direct, wanted)
	replace := func() {
		_, err := direct.Revoke(t.Context(), wanted)
		if err == nil {
			_, err = direct.Grant(t.Context(), wanted)
		}
		if err != nil {
			t.Error(err)
		}
	}
	front.beforeDelete.Store(&replace)
	_, err := open(t, kubernetes.Settings{URL: front.url, Token: config.SecretOf(w.token)}).Revoke(t.Context(), wanted)
	requireProblem(t, err, contract.KindUnavailable)
	requireHeld(t, direct, wanted, true)
}

func TestABindingThatOutlivesItsDeletionIsNotGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, wanted := w.connector(t), w.access(w.user(), w.inShop())
	grant(t, connector, wanted)
	finalizers := func(names ...string) {
		w.server.Apply(t, w.path(wanted), map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
			"metadata": map[string]any{"name": "curfew-" + wanted.Key, "finalizers": names},
			"roleRef":  w.read(t, w.path(wanted)).RoleRef,
		})
	}
	finalizers("example.com/hold")
	for range 2 {
		_, err := connector.Revoke(t.Context(), wanted)
		require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fault, "example.com/hold")
		requireHeld(t, connector, wanted, true)
		require.True(t, w.can(t, w.shop, wanted.Account))
	}
	finalizers()
	_, err := connector.Revoke(t.Context(), wanted)
	require.NoError(t, err)
	requireHeld(t, connector, wanted, false)
	require.False(t, w.can(t, w.shop, wanted.Account))
}

func TestWhatOthersChangedAboutABindingIsSeenAndPutRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, wanted := w.connector(t), w.access(w.user(), w.inShop())
	grant(t, connector, wanted)
	w.bind(t, w.shop, "curfew-"+wanted.Key, "mallory@example.com")
	requireHeld(t, connector, wanted, false)
	_, err := connector.Grant(t.Context(), wanted)
	require.NoError(t, err)
	requireHeld(t, connector, wanted, true)
	require.True(t, w.can(t, w.shop, wanted.Account))
	require.False(t, w.can(t, w.shop, "mallory@example.com"))
}

func TestABindingOfAnotherRoleUnderOurNameIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector := w.connector(t)
	wanted := w.access(w.user(), fmt.Sprintf(`{"role":%q,"namespace":%q}`, w.role, w.shop))
	w.bind(t, w.shop, "curfew-"+wanted.Key, wanted.Account) // to the ClusterRole
	requireHeld(t, connector, wanted, false)
	_, err := connector.Grant(t.Context(), wanted)
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "delete curfew-"+wanted.Key)
}

func TestOnlyOurNamesAreListedAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, wanted := w.connector(t), w.access(w.user(), w.inShop())
	grant(t, connector, wanted)
	ours := w.read(t, w.path(wanted))
	w.server.Apply(t, w.bindings(w.shop)+"/a-copy", map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1",
		"kind":       "RoleBinding",
		"metadata":   map[string]any{"name": "a-copy", "labels": ours.Labels},
		"roleRef":    ours.RoleRef,
		"subjects":   ours.Subjects,
	})
	lister := connector.(target.Lister)
	listed := func() (found []target.Marked) {
		all, err := lister.List(t.Context())
		require.NoError(t, err)
		for _, one := range all {
			if one.Key == wanted.Key {
				found = append(found, one)
			}
		}
		return found
	}
	require.Equal(t, []target.Marked{{Key: wanted.Key, Account: wanted.Account}}, listed())
	require.NoError(t, lister.Remove(t.Context(), listed()[0]))
	require.Empty(t, listed())
	w.read(t, w.bindings(w.shop)+"/a-copy")
}

func TestTheServersOwnRecordShowsOnlyTheCallsOfThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, wanted := w.connector(t), w.access(w.serviceAccount(t), w.inShop())
	grant(t, connector, wanted)
	_, err := connector.Revoke(t.Context(), wanted)
	require.NoError(t, err)
	record, err := os.ReadFile(w.server.AuditLog())
	require.NoError(t, err)
	calls := map[string]bool{}
	for line := range strings.Lines(string(record)) {
		var event struct {
			Verb, UserAgent string
			User            struct{ Username string }
			ObjectRef       struct{ Resource string }
			ResponseStatus  struct{ Code int }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		if event.User.Username != "system:serviceaccount:"+w.name+":"+w.name {
			continue
		}
		require.Equal(t, "curfew", event.UserAgent)
		require.NotEqual(t, http.StatusForbidden, event.ResponseStatus.Code, line)
		calls[event.Verb+" "+event.ObjectRef.Resource] = true
	}
	require.Equal(t, map[string]bool{
		"get clusterroles": true, "get serviceaccounts": true, "patch rolebindings": true, "get rolebindings": true,
		"delete rolebindings": true, "create subjectaccessreviews": true,
	}, calls)
}

// The server reads bindings from a copy that is a moment old.
func TestVerifiedAccessWorksWhenItIsGrantedAndNotWhenItIsRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector := w.connector(t)
	for range 20 {
		wanted := w.access(w.user(), w.inShop())
		grant(t, connector, wanted)
		require.True(t, w.lists(t, w.shop, wanted.Account))
		_, err := connector.Revoke(t.Context(), wanted)
		require.NoError(t, err)
		require.False(t, w.lists(t, w.shop, wanted.Account))
	}
}

// This is what a late attempt is fenced with.
func TestTheServerGivesUpAtTheTimeThatACallTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.bindings(w.shop) + "/late?timeout=1ns"
	status, body := w.server.Do(t, http.MethodDelete, path, "", nil)
	require.Equal(t, http.StatusGatewayTimeout, status, "%s", body)
}
