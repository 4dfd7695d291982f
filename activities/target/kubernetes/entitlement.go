package kubernetes

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const longestName = 253 // in bytes

// entitlement is a role, in one namespace or in the whole cluster.
type entitlement struct {
	ClusterRole string   `json:"clusterRole,omitempty" doc:"the name of a ClusterRole"`
	Namespace   string   `json:"namespace,omitempty" doc:"the namespace that the access is limited to; the whole cluster if left out"`
	Role        string   `json:"role,omitempty" doc:"the name of a Role in the namespace, in place of a ClusterRole"`
	Verify      question `json:"verify,omitempty,omitzero" doc:"what the access allows, to be asked of the cluster: verb, resource, and if need be group and namespace"`
}

// question is something that a subject may be allowed to do.
type question struct {
	Group     string `json:"group,omitempty" doc:"the API group of the resource"`
	Namespace string `json:"namespace,omitempty" doc:"the namespace in which it is asked"`
	Resource  string `json:"resource" doc:"the resource with its subresource, like pods/exec"`
	Verb      string `json:"verb" doc:"the verb, like create"`
}

func (q question) asked() bool { return q != question{} }

func (q question) String() string {
	text := q.Verb + " " + q.Resource
	if q.Group != "" {
		text += "." + q.Group
	}
	if q.Namespace != "" {
		text += " in " + q.Namespace
	}
	return text
}

var (
	verbText     = regexp.MustCompile(`^[a-z]{1,63}$`)
	resourceText = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,126}(/[a-z0-9][a-z0-9.-]{0,125})?$`)
)

func normalize(written json.RawMessage) (json.RawMessage, error) {
	var wanted entitlement
	if err := target.DecodeEntitlement(written, &wanted); err != nil {
		return nil, err
	}
	if err := checkNothingEmpty(written, wanted); err != nil {
		return nil, err
	}
	if wanted.Verify.asked() && wanted.Verify.Namespace == "" {
		wanted.Verify.Namespace = wanted.Namespace
	}
	if err := wanted.check(); err != nil {
		return nil, err
	}
	return json.Marshal(wanted)
}

// checkNothingEmpty refuses what is written but has no value: an empty namespace would mean the whole cluster.
func checkNothingEmpty(written json.RawMessage, wanted entitlement) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(written, &keys); err != nil {
		return contract.Invalid("%v", err).Advise("write a clusterRole, or a role, and a namespace")
	}
	for _, key := range []struct {
		name  string
		empty bool
	}{
		{"clusterRole", wanted.ClusterRole == ""},
		{"namespace", wanted.Namespace == ""},
		{"role", wanted.Role == ""},
		{"verify", !wanted.Verify.asked()},
	} {
		if _, there := keys[key.name]; there && key.empty {
			return contract.Invalid("is empty").At(key.name).Advise("write a value, or leave the key out")
		}
	}
	return nil
}

func (e entitlement) check() error {
	switch {
	case e.Role == "" && e.ClusterRole == "":
		return contract.Invalid("is missing").
			At("clusterRole").
			Advise("name a ClusterRole, or write a role and its namespace")
	case e.Role != "" && e.ClusterRole != "":
		return contract.Invalid("is one role too many").At("role").Advise("write either a role or a clusterRole")
	case e.Role != "" && e.Namespace == "":
		return contract.Invalid("is missing").At("namespace").Advise("name the namespace that the role is in")
	case e.Namespace != "" && len(validation.IsDNS1123Label(e.Namespace)) > 0:
		return contract.Invalid("%q can't be the name of a namespace", contract.Shorten(e.Namespace, 64)).
			At("namespace").
			Advise("write up to 63 of a-z, 0-9 and -")
	}
	field, name := e.role()
	if err := checkRole(field, name); err != nil {
		return err
	}
	if e.Verify.asked() {
		return e.Verify.check(e.Namespace)
	}
	return nil
}

// role is the key that names the role, and the name.
func (e entitlement) role() (field, name string) {
	if e.Role != "" {
		return "role", e.Role
	}
	return "clusterRole", e.ClusterRole
}

// checkRole refuses names that no role can have, and roles that nobody should have for a while.
func checkRole(field, name string) error {
	switch {
	case len(name) > longestName || name == "." || name == ".." || strings.ContainsAny(name, "/%") || !isText(name):
		return contract.Invalid("%q can't be the name of a role", contract.Shorten(name, 64)).
			At(field).
			Advise("name a role of the cluster")
	case name == "cluster-admin" || strings.HasPrefix(name, "system:"):
		return contract.Invalid("%s is a role of the cluster itself: whoever has it can make the access last", name).
			At(field).
			Advise("name a role with just the permissions that are needed")
	default:
		return nil
	}
}

// isText is true for UTF-8 without control characters.
func isText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func (q question) check(namespace string) error {
	switch {
	case !verbText.MatchString(q.Verb):
		return contract.Invalid("%q is no verb", contract.Shorten(q.Verb, 64)).
			At("verify.verb").
			Advise("write one that the role allows, like get")
	case !resourceText.MatchString(q.Resource):
		return contract.Invalid("%q is no resource", contract.Shorten(q.Resource, 64)).
			At("verify.resource").
			Advise("write one that the role allows, like pods or pods/log")
	case q.Group != "" && len(validation.IsDNS1123Subdomain(q.Group)) > 0:
		return contract.Invalid("%q is no API group", contract.Shorten(q.Group, 64)).
			At("verify.group").
			Advise("write the resource's API group, like apps, and leave it out for the core's")
	case q.Namespace != "" && len(validation.IsDNS1123Label(q.Namespace)) > 0:
		return contract.Invalid("%q can't be the name of a namespace", contract.Shorten(q.Namespace, 64)).
			At("verify.namespace").
			Advise("write up to 63 of a-z, 0-9 and -")
	case namespace != "" && q.Namespace != namespace:
		return contract.Invalid("is not %s, which the access is limited to", namespace).
			At("verify.namespace").
			Advise("leave it out")
	default:
		return nil
	}
}
