//go:build kubernetes

package kubernetes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
	rbacv1 "k8s.io/api/rbac/v1"

	"curfew/activities/target"
	"curfew/activities/target/kubernetes"
	"curfew/internal/config"
	testserver "curfew/internal/testserver/kubernetes"
)

func TestMain(m *testing.M) { testserver.Main(m) }

const rbacAPI = "/apis/rbac.authorization.k8s.io/v1"

var worlds, keys atomic.Int64

// world is a role, a namespace and a broker with the rights of the page, on the server that all tests share. Its names
// differ from every other world's; nothing is removed, since the server ends with the tests.
type world struct {
	server *testserver.Server
	name   string // of the broker, and of its namespace
	role   string // a ClusterRole, and also a Role in the namespace
	shop   string // the namespace that access is given in
	token  string // the broker's
	count  atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{server: testserver.Start(t), name: fmt.Sprintf("w%d", worlds.Add(1))}
	w.role, w.shop = w.name+"-Debugger", w.name+"-shop"
	for _, namespace := range []string{w.name, w.shop} {
		w.server.Apply(t, "/api/v1/namespaces/"+namespace, map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace},
		})
	}
	w.setRules(
		t,
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}},
	)
	w.installBroker(t)
	w.token = w.server.Token(t, w.name, w.name)
	for !w.brokerMayAct(t) {
		require.NoError(t, t.Context().Err())
	}
	return w
}

// brokerMayAct is true when the server has heard of the broker's rights.
func (w *world) brokerMayAct(t *testing.T) bool {
	t.Helper()
	status, _ := w.server.Do(t, http.MethodGet, w.bindings(w.shop), "system:serviceaccount:"+w.name+":"+w.name, nil)
	return status == http.StatusOK
}

// setRules says what both roles allow.
func (w *world) setRules(t *testing.T, rules ...rbacv1.PolicyRule) {
	t.Helper()
	for path, kind := range map[string]string{
		rbacAPI + "/clusterroles/" + w.role: "ClusterRole", rbacAPI + "/namespaces/" + w.shop + "/roles/" + w.role: "Role",
	} {
		w.server.Apply(t, path, map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1",
			"kind":       kind,
			"metadata":   map[string]any{"name": w.role},
			"rules":      rules,
		})
	}
}

// installBroker does what the page tells the administrator to do, with the names of this world in place of the page's.
func (w *world) installBroker(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile("../../../docs/targets/kubernetes.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```yaml\napiVersion: v1\nkind: ServiceAccount\n")
	require.True(t, found, "the page does not say how to make Curfew's account")
	manifest, _, _ := strings.Cut("apiVersion: v1\nkind: ServiceAccount\n"+rest, "```")
	manifest = strings.NewReplacer("pod-debugger", w.role, "curfew", w.name).Replace(manifest)
	collections := map[string]string{
		"ServiceAccount": "/api/v1/namespaces/" + w.name + "/serviceaccounts/",
		"ClusterRole":    rbacAPI + "/clusterroles/", "ClusterRoleBinding": rbacAPI + "/clusterrolebindings/",
	}
	for document := range strings.SplitSeq(manifest, "---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Name string }
		}
		var whole map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(document), &object))
		require.NoError(t, yaml.Unmarshal([]byte(document), &whole))
		require.Contains(t, collections, object.Kind)
		w.server.Apply(t, collections[object.Kind]+object.Metadata.Name, whole)
	}
}

// user makes a subject: the cluster keeps no list of its users.
func (w *world) user() string { return fmt.Sprintf("%s-user-%d@example.com", w.name, w.count.Add(1)) }

func (w *world) serviceAccount(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("robot-%d", w.count.Add(1))
	w.server.Apply(t, "/api/v1/namespaces/"+w.shop+"/serviceaccounts/"+name, map[string]any{
		"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": name},
	})
	return "system:serviceaccount:" + w.shop + ":" + name
}

// connector goes to the server itself, without anything in between.
func (w *world) connector(t *testing.T) target.Connector {
	t.Helper()
	return open(t, kubernetes.Settings{URL: w.server.URL(), CAFile: w.server.CAFile(), Token: config.SecretOf(w.token)})
}

func open(t *testing.T, settings kubernetes.Settings) target.Connector {
	t.Helper()
	connector, err := settings.Open()
	require.NoError(t, err)
	return connector
}

func (w *world) access(account, entitlement string) target.Access {
	found := access(entitlement)
	found.Key, found.Account = fmt.Sprintf("%032x", keys.Add(1)), account
	return found
}

// inShop is the role in the namespace, and what it allows.
func (w *world) inShop() string {
	return fmt.Sprintf(
		`{"clusterRole":%q,"namespace":%q,"verify":{"namespace":%q,"resource":"pods","verb":"list"}}`,
		w.role,
		w.shop,
		w.shop,
	)
}

func (w *world) bindings(namespace string) string {
	if namespace == "" {
		return rbacAPI + "/clusterrolebindings"
	}
	return rbacAPI + "/namespaces/" + namespace + "/rolebindings"
}

// bind binds the role to a user, as an administrator does.
func (w *world) bind(t *testing.T, namespace, name, user string) {
	t.Helper()
	subject := map[string]any{"kind": "User", "apiGroup": rbacv1.GroupName, "name": user}
	if of, account, ok := strings.Cut(strings.TrimPrefix(user, "system:serviceaccount:"), ":"); ok {
		subject = map[string]any{"kind": "ServiceAccount", "namespace": of, "name": account}
	}
	kind := "RoleBinding"
	if namespace == "" {
		kind = "ClusterRoleBinding"
	}
	w.server.Apply(t, w.bindings(namespace)+"/"+name, map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": map[string]any{"name": name},
		"roleRef":  map[string]any{"apiGroup": rbacv1.GroupName, "kind": "ClusterRole", "name": w.role},
		"subjects": []any{subject},
	})
}

// can asks the server as the subject. The server reads its bindings from a copy that is a moment old, so it is first
// waited for one that was made last.
func (w *world) can(t *testing.T, namespace, user string) bool {
	t.Helper()
	probe := fmt.Sprintf("%s-probe-%d", w.name, w.count.Add(1))
	w.bind(t, namespace, w.name+"-probe", probe)
	for !w.lists(t, namespace, probe) {
		require.NoError(t, t.Context().Err())
	}
	return w.lists(t, namespace, user)
}

func (w *world) lists(t *testing.T, namespace, user string) bool {
	t.Helper()
	path := "/api/v1/pods"
	if namespace != "" {
		path = "/api/v1/namespaces/" + namespace + "/pods"
	}
	status, body := w.server.Do(t, http.MethodGet, path, user, nil)
	require.Contains(t, []int{http.StatusOK, http.StatusForbidden}, status, "%s", body)
	return status == http.StatusOK
}

// snapshot is every binding of the role, whole, but for those of one subject and the probe's.
func (w *world) snapshot(t *testing.T, except string) string {
	t.Helper()
	var all []string
	for _, path := range []string{w.bindings(w.shop), w.bindings("")} {
		status, body := w.server.Do(t, http.MethodGet, path, "", nil)
		require.Equal(t, http.StatusOK, status)
		for _, item := range itemsOf(t, body) {
			if item.binding.RoleRef.Name == w.role && item.binding.Name != w.name+"-probe" &&
				!concerns(item.binding, except) {
				all = append(all, string(item.text))
			}
		}
	}
	return strings.Join(all, "\n")
}

type item struct {
	binding rbacv1.RoleBinding
	text    json.RawMessage
}

func itemsOf(t *testing.T, list []byte) []item {
	t.Helper()
	var read struct{ Items []json.RawMessage }
	require.NoError(t, json.Unmarshal(list, &read))
	items := make([]item, len(read.Items))
	for i, text := range read.Items {
		items[i].text = text
		require.NoError(t, json.Unmarshal(text, &items[i].binding))
	}
	return items
}

func concerns(binding rbacv1.RoleBinding, account string) bool {
	subject := binding.Subjects[0]
	return subject.Name == account || "system:serviceaccount:"+subject.Namespace+":"+subject.Name == account
}
