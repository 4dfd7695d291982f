package kubernetes

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	managerLabel = "app.kubernetes.io/managed-by"
	manager      = "curfew"
	keyLabel     = "curfew.dev/key"
	namePrefix   = "curfew-"

	// Shown to people who look at a binding; nothing in the cluster acts on them.
	untilNote     = "curfew.dev/until"
	referenceNote = "curfew.dev/reference"

	serviceAccountPrefix = "system:serviceaccount:"
	longestAccount       = 512 // in bytes
	longestReference     = 256 // in bytes
)

var keyText = regexp.MustCompile(`^[0-9a-f]{32}$`)

// binding is the one that a grant has. Without a namespace it is a ClusterRoleBinding.
type binding struct {
	key       string
	namespace string
	role      rbacv1.RoleRef
	roleField string // the key of the entitlement that names the role
	account   string
	subject   rbacv1.Subject
	verify    question
}

func bindingOf(access target.Access) (binding, error) {
	var wanted entitlement
	if err := json.Unmarshal(access.Entitlement, &wanted); err != nil {
		return binding{}, contract.Invalid("not an entitlement of the kind kubernetes").
			Advise("write a clusterRole, or a role, and a namespace")
	}
	if err := wanted.check(); err != nil {
		return binding{}, err
	}
	if !keyText.MatchString(access.Key) {
		return binding{}, contract.Invalid("%q is not the key of a grant", contract.Shorten(access.Key, 64))
	}
	subject, err := subjectOf(access.Account)
	if err != nil {
		return binding{}, err
	}
	b := binding{
		key: access.Key, namespace: wanted.Namespace, account: access.Account, subject: subject, verify: wanted.Verify,
		role: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole"},
	}
	if wanted.Role != "" {
		b.role.Kind = "Role"
	}
	b.roleField, b.role.Name = wanted.role()
	return b, nil
}

// subjectOf reads an account: the name of a user as the cluster's authentication tells it, or of a service account.
func subjectOf(account string) (rbacv1.Subject, error) {
	const fix = "write the user's name as the cluster sees it, or " + serviceAccountPrefix + "<namespace>:<name>"
	if account == "" || len(account) > longestAccount || !isText(account) {
		return rbacv1.Subject{}, contract.Invalid("%q can't be the name of a user", contract.Shorten(account, 64)).
			At("account").
			Advise(fix)
	}
	if qualified, ok := strings.CutPrefix(account, serviceAccountPrefix); ok {
		namespace, name, _ := strings.Cut(qualified, ":")
		if len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
			return rbacv1.Subject{}, contract.Invalid("%q can't be the name of a service account", contract.Shorten(account, 64)).
				At("account").
				Advise(fix)
		}
		return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}, nil
	}
	if strings.HasPrefix(account, "system:") {
		return rbacv1.Subject{}, contract.Denied("%q is a user of the cluster itself", contract.Shorten(account, 64)).
			At("account").
			Advise(fix)
	}
	return rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: account}, nil
}

// accountOf is the reverse of subjectOf.
func accountOf(subject rbacv1.Subject) string {
	if subject.Kind == rbacv1.ServiceAccountKind {
		return serviceAccountPrefix + subject.Namespace + ":" + subject.Name
	}
	return subject.Name
}

func (b binding) name() string { return namePrefix + b.key }

func (b binding) resource() string { return resourceIn(b.namespace) }

func resourceIn(namespace string) string {
	if namespace == "" {
		return "clusterrolebindings"
	}
	return "rolebindings"
}

func (b binding) kind() string {
	if b.namespace == "" {
		return "ClusterRoleBinding"
	}
	return "RoleBinding"
}

func (b binding) path() []string { return bindingPath(b.namespace, b.name()) }

func bindingPath(namespace, name string) []string {
	return append(rbacPath(namespace), resourceIn(namespace), name)
}

func (b binding) rolePath() []string {
	if b.role.Kind == "Role" {
		return append(rbacPath(b.namespace), "roles", b.role.Name)
	}
	return append(rbacPath(""), "clusterroles", b.role.Name)
}

// rbacPath leads to a namespace's part of the API, or to the cluster's.
func rbacPath(namespace string) []string {
	path := []string{"apis", rbacv1.GroupName, "v1"}
	if namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	return path
}

// object is the binding as the API has it. A ClusterRoleBinding has the same fields, but for the namespace.
func (b binding) object(until time.Time, reference string) rbacv1.RoleBinding {
	object := rbacv1.RoleBinding{
		TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: b.kind()},
		ObjectMeta: metav1.ObjectMeta{
			Name: b.name(), Namespace: b.namespace,
			Labels:      map[string]string{managerLabel: manager, keyLabel: b.key},
			Annotations: map[string]string{untilNote: until.UTC().Format(time.RFC3339)},
		},
		RoleRef: b.role, Subjects: []rbacv1.Subject{b.subject},
	}
	if reference != "" {
		object.Annotations[referenceNote] = contract.Shorten(strings.ToValidUTF8(reference, "?"), longestReference)
	}
	return object
}

// heldBy is true when an object of the cluster gives the access.
func (b binding) heldBy(object rbacv1.RoleBinding) bool {
	return object.RoleRef == b.role && len(object.Subjects) == 1 && object.Subjects[0] == b.subject
}
