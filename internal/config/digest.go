package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"curfew/workflows/contract"
)

// meaning is everything that a template says, in an order that does not depend on the file's. Its JSON is pinned by
// the requests that sleep: a change here looks to them like a change of every template.
type meaning struct {
	Description  string            `json:"description"`
	Entitlements []grants          `json:"entitlements"`
	Default      contract.Duration `json:"default"`
	Max          contract.Duration `json:"max"`
	Pending      contract.Duration `json:"pending"`
	Ticket       string            `json:"ticket"`
	Sessions     string            `json:"sessions"`
	Count        int               `json:"count"`
	From         []string          `json:"from"`
	Restore      bool              `json:"restore,omitempty"`
	// What a template does not use is left out, so that a setting that is added changes no other digest.
	Rules     *contract.Rules     `json:"rules,omitempty"`
	Reminders []contract.Duration `json:"reminders,omitempty"`
	Warnings  []contract.Duration `json:"warnings,omitempty"`
	EndWith   []string            `json:"endWith,omitempty"`
	Notify    *[]string           `json:"notify,omitempty"` // an empty list is another thing than none
}

type grants struct {
	Target   string          `json:"target"`
	Spec     json.RawMessage `json:"spec"`
	ReadBack string          `json:"readBack,omitempty"`
}

// digest needs a template that is right in all else: its entitlements are the kind's canonical JSON.
func (r *reading) digest(template *Template, at path) {
	means := meaning{
		Description: template.Description,
		Default:     template.Duration.Default,
		Max:         template.Duration.Max,
		Pending:     template.Pending,
		Ticket:      template.Ticket.Use,
		Sessions:    template.Sessions,
		Count:       template.Approval.Count,
		From:        slices.Sorted(slices.Values(template.Approval.From)),
		Restore:     template.Drift == DriftRestore,
		Rules:       laterRules(template),
		Reminders:   template.Reminders,
		Warnings:    template.Warnings,
		EndWith:     slices.Sorted(slices.Values(template.EndWith)),
	}
	if template.Notify != nil {
		channels := slices.Sorted(slices.Values(template.Notify))
		means.Notify = &channels
	}
	for _, entitlement := range template.Entitlements {
		means.Entitlements = append(means.Entitlements, grants(entitlement))
	}
	text, err := json.Marshal(means)
	if err != nil {
		r.wrong(at, fmt.Sprintf("has an entitlement that is no JSON: %v", err),
			"report this: the fault is in a connector")
		return
	}
	sum := sha256.Sum256(text)
	template.Digest = hex.EncodeToString(sum[:])
}

// laterRules are a template's rules without what has a place of its own in its meaning; nil when nothing is left.
func laterRules(template *Template) *contract.Rules {
	rules := template.Rules()
	rules.Ticket.Required = false
	if len(template.Approvals) == 0 {
		rules.Approvals = nil
	}
	if reflect.ValueOf(rules).IsZero() {
		return nil
	}
	return &rules
}
