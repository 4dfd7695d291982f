package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"curfew/internal/people"
	"curfew/starter"
	"curfew/workflows/contract"
)

// withinScope lets a call through to its operation when the caller's token is good for it, and the caller does not
// change too much. An operation that the starter has no rule for is for nobody. No body has been read yet.
func (s *server) withinScope(hc huma.Context, next func(huma.Context)) {
	op, known := hc.Operation(), current(hc.Context())
	rule, listed := starter.RuleOf(starter.Operation(op.OperationID))
	if op.Security == nil {
		next(hc)
		return
	}
	var err error
	switch {
	case !listed || !known.May(rule.Scope):
		err = contract.Forbidden("this token is not good for that").Advise("use a token with the scope " + rule.Scope)
	case changes(op, rule):
		err = s.limits.Change(known.Person)
	}
	if err == nil {
		next(hc)
		return
	}
	document, header := documentFor(known, err, "")
	for name := range header {
		hc.SetHeader(name, header.Get(name))
	}
	hc.SetHeader("Content-Type", problemType)
	hc.SetStatus(document.Status)
	encode(hc.BodyWriter(), document)
}

// changes is true for what asks or reviews.
func changes(op *huma.Operation, rule starter.Rule) bool {
	return op.Method != http.MethodGet && (rule.Scope == people.ScopeAsk || rule.Scope == people.ScopeReview)
}
