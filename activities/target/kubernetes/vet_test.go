package kubernetes_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

func TestP2ARoleWithWhichAccessCouldBeMadeToLastIsRefusedBeforeAnybodyAsks(t *testing.T) {
	t.Parallel()
	for verb, refused := range map[string]bool{"get": false, "escalate": true, "bind": true, "create": true, "*": true} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			vetter := stranger(t, func(w http.ResponseWriter, _ *http.Request) {
				respond(w, http.StatusOK, map[string]any{
					"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": map[string]any{"name": "pod-debugger"},
					"rules": []rbacv1.PolicyRule{{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles"}, Verbs: []string{verb}}},
				})
			}).(target.Vetter)
			_, err := vetter.Vet(t.Context(), json.RawMessage(plain))
			if !refused {
				require.NoError(t, err)
				return
			}
			require.Contains(t, requireProblem(t, err, contract.KindDenied).Fault, "could not be taken away in time")
		})
	}
}
