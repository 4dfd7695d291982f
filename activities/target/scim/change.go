package scim

import (
	"context"
	"encoding/json"
	"net/http"
)

const patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// patch changes a resource as RFC 7644 has it.
type patch struct {
	Schemas    []string    `json:"schemas"`
	Operations []operation `json:"Operations"`
}

// operation never replaces a group's members: others are there too.
type operation struct {
	Op    string   `json:"op"`
	Path  string   `json:"path"`
	Value []member `json:"value,omitempty"`
}

func addition(id string) operation {
	return operation{Op: "add", Path: "members", Value: []member{{Value: id}}}
}

// removal says whom to remove in a filter. A service that follows the RFC takes the other form for the removal of all
// members, so it is used only where the target's settings ask for it.
type removal func(id string) operation

func removalBy(setting string) removal {
	if setting == removeByValue {
		return func(id string) operation {
			return operation{Op: "remove", Path: "members", Value: []member{{Value: id}}}
		}
	}
	return func(id string) operation {
		return operation{Op: "remove", Path: "members[value eq " + quoted(id) + "]"}
	}
}

// outcome is what a service made of a change, as far as it tells.
type outcome struct {
	stale   bool   // the group was no longer what it was asked to change
	version string // of the group after the change
}

// change asks for an operation on a group, if it has a version still; any will do when there is none.
func (a *api) change(ctx context.Context, group string, wanted operation, version string) (outcome, error) {
	answer, err := a.do(ctx, call{
		method: http.MethodPatch, path: []string{"Groups", group}, version: version,
		content: patch{Schemas: []string{patchSchema}, Operations: []operation{wanted}},
	})
	switch {
	case err != nil:
		return outcome{}, err
	case answer.Status == http.StatusPreconditionFailed && version != "":
		return outcome{stale: true}, nil
	case !answer.OK():
		return outcome{}, a.refusal(answer)
	}
	return outcome{version: versionOf(answer, groupIn(answer))}, nil
}

// groupIn is the group that an answer may hold; many hold none.
func groupIn(answer answer) group {
	var found group
	if json.Unmarshal(answer.Body, &found) != nil {
		return group{}
	}
	return found
}
