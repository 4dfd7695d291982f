// Package policy decides, on facts that others have gathered and checked, whether a request is granted, denied or needs
// more reviews. It reads nothing and waits for nothing: the same facts always get the same decision.
package policy

import "curfew/workflows/contract"

// Facts are everything that a decision depends on. Their seals have been checked.
type Facts struct {
	// Request carries the terms that its template had when it was asked.
	Request contract.Request
	// Reviews may come in any order; those of another request don't count.
	Reviews []contract.Review

	// TemplatePresent is false when the template is not in the configuration any more. The next four are its present terms.
	TemplatePresent bool
	TemplateDigest  string
	Rule            contract.ApprovalRule
	MaxDuration     contract.Duration
	// Accesses are what the template gives the subject at this moment, by the directory of this moment.
	Accesses []contract.Access

	// People are the persons that the directory knows at this moment.
	People map[string]bool
	Ticket Ticket
}

// Ticket is what is known of the request's ticket.
type Ticket struct {
	Required bool // by the template
	Found    bool // it was named, and the tracker has it
}
