package condition

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"

	"curfew/workflows/contract"
)

// The largest that the values of facts get; FactsOf cuts what is larger.
const (
	maxGroups = 256 // of one person
	maxName   = 256 // bytes, of every other text
)

// sizes gives CEL the largest sizes of variables' values, so that it can compute the cost of the worst case.
type sizes struct{}

// EstimateSize bounds lists and texts; what is computed is bounded by CEL itself.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	most := uint64(maxName)
	switch {
	case node.Type().Kind() == cel.ListKind:
		most = maxGroups
	case path[len(path)-1] == "reason":
		most = contract.MaxReason
	}
	return &cost.SizeEstimate{Min: 0, Max: most}
}

// EstimateCallCost leaves the cost of functions to CEL.
//
//nolint:gocritic // the interface is CEL's
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
