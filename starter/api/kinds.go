package api

import (
	"github.com/danielgtaylor/huma/v2"

	"curfew/workflows/contract"
)

// alarmKind is a kind of alarm to filter by, and stateName a state of requests.
type (
	alarmKind string
	stateName string
)

// Schema implements huma.SchemaProvider: the contract has the only list of them.
func (alarmKind) Schema(huma.Registry) *huma.Schema { return oneOf(contract.AlarmKinds()) }

// Schema does the same for states.
func (stateName) Schema(huma.Registry) *huma.Schema { return oneOf(contract.States()) }

func oneOf[Kind ~string](kinds []Kind) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, kind := range kinds {
		schema.Enum = append(schema.Enum, string(kind)) // requests are compared with plain texts
	}
	schema.PrecomputeMessages()
	return schema
}
