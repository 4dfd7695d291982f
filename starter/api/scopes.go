package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"curfew/starter"
	"curfew/workflows/contract"
)

// withinScope lets a call through to its operation when the caller's token is good for it. An operation that the starter
// has no rule for is for nobody.
func (s *server) withinScope(hc huma.Context, next func(huma.Context)) {
	op := hc.Operation()
	rule, listed := starter.RuleOf(starter.Operation(op.OperationID))
	if op.Security == nil || listed && current(hc.Context()).May(rule.Scope) {
		next(hc)
		return
	}
	problem := contract.Problemf(contract.KindForbidden, "", "use a token with the scope "+rule.Scope, "this token is not good for that")
	hc.SetHeader("Content-Type", problemType)
	hc.SetStatus(http.StatusForbidden)
	encode(hc.BodyWriter(), documentOf(http.StatusForbidden, problem, ""))
}
