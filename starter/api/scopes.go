package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"curfew/internal/config"
	"curfew/workflows/contract"
)

// scopes says for each operation what a token must be good for, by the operation's id. An operation that is not here is
// for nobody.
var scopes = map[string]string{
	"ask":          config.ScopeAsk,
	"list":         config.ScopeRead,
	"show":         config.ScopeRead,
	"shown":        config.ScopeRead,
	"events":       config.ScopeRead,
	"decisions":    config.ScopeRead,
	"templates":    config.ScopeRead,
	"me":           config.ScopeRead,
	"review":       config.ScopeReview,
	"extend":       config.ScopeAsk,
	"certify":      config.ScopeAsk,
	"cancel":       config.ScopeAsk,
	"revoke":       config.ScopeRevoke,
	"stuck":        config.ScopeOperate,
	"retryStuck":   config.ScopeOperate,
	"releaseStuck": config.ScopeOperate,
	"alarms":       config.ScopeOperate,
	"sweep":        config.ScopeOperate,
}

// withinScope lets a call through to its operation when the caller's token is good for it.
func (s *server) withinScope(hc huma.Context, next func(huma.Context)) {
	op := hc.Operation()
	scope, listed := scopes[op.OperationID]
	if op.Security == nil || listed && current(hc.Context()).May(scope) {
		next(hc)
		return
	}
	problem := contract.Problemf(contract.KindForbidden, "", "use a token with the scope "+scope, "this token is not good for that")
	hc.SetHeader("Content-Type", problemType)
	hc.SetStatus(http.StatusForbidden)
	encode(hc.BodyWriter(), documentOf(http.StatusForbidden, problem, ""))
}
