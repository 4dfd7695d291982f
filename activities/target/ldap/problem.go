package ldap

import (
	"context"
	"errors"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"curfew/workflows/contract"
)

// refusals are the answers that the same request would get again, and what to do about them. After all others another
// attempt may help, also after those that we don't know.
var refusals = map[uint16]string{
	ldap.LDAPResultInsufficientAccessRights:  "give Curfew's entry (the target's bindDN) the rights that docs/targets/ldap.md lists",
	ldap.LDAPResultStrongAuthRequired:        "use ldaps:// or startTLS in the target's settings",
	ldap.LDAPResultConfidentialityRequired:   "use ldaps:// or startTLS in the target's settings",
	ldap.LDAPResultUndefinedAttributeType:    "let the target's settings name attributes that the directory's schema has",
	ldap.LDAPResultObjectClassViolation:      "let the target's memberAttribute be the one that groups of this sort have",
	ldap.LDAPResultNoSuchAttribute:           "look what sort of entry it is",
	ldap.LDAPResultConstraintViolation:       "look what the directory allows there",
	ldap.LDAPResultInvalidAttributeSyntax:    "look what the directory allows there",
	ldap.LDAPResultInvalidDNSyntax:           "write the DN as the directory shows it",
	ldap.LDAPResultNamingViolation:           "look what the directory allows there",
	ldap.LDAPResultNotAllowedOnNonLeaf:       "remove what lies below it",
	ldap.LDAPResultEntryAlreadyExists:        "look who is a member: the directory says that it is there, and does not show it",
	ldap.LDAPResultObjectClassModsProhibited: "look what the directory allows there",
}

// remedies are for answers after which another attempt may help.
var remedies = map[uint16]string{
	ldap.LDAPResultInvalidCredentials: "check the target's bindDN and password",
	ldap.LDAPResultReferral:           "let the target's url lead to the directory that takes changes",
	ldap.LDAPResultUnwillingToPerform: "look whether the directory takes changes now, and at its log",
}

// problem turns what went wrong into what a person can act on; nil stays nil.
func (d *directory) problem(ctx context.Context, err error, about string) error {
	if err == nil {
		return nil
	}
	if known, ok := contract.ProblemOf(err); ok {
		return known
	}
	var answer *ldap.Error
	switch {
	case isAnswer(err, &answer) && answer.ResultCode == ldap.LDAPResultNoSuchObject:
		return d.hidden(about)
	case isAnswer(err, &answer):
		problem := d.refusal(answer, about)
		problem.Refused = !slices.Contains(unsettled, answer.ResultCode)
		return problem
	case ctx.Err() != nil:
		return contract.Unavailable("%s did not answer before the call was given up", d).Advise("try again")
	default:
		return contract.Unavailable("%s can't be reached: %s", d, oneLine(err.Error())).
			Advise("check that it runs, and the target's url and rootCA")
	}
}

// unsettled are answers after which the change may have been made all the same, or still be: a server has given up in the
// midst of it, or a proxy has lost the directory that it had asked.
var unsettled = []uint16{
	ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultOther,
}

func (d *directory) refusal(answer *ldap.Error, about string) *contract.Problem {
	kind, fix := contract.KindUnavailable, remedies[answer.ResultCode]
	if refused, final := refusals[answer.ResultCode]; final {
		kind, fix = contract.KindDenied, refused
	}
	said := ldap.LDAPResultCodeMap[answer.ResultCode]
	if answer.Err != nil && answer.Err.Error() != "" {
		said += ": " + answer.Err.Error()
	}
	return kind.Problem("%s answered about %s: %s (code %d)", d, contract.Shorten(about, shown), oneLine(said), answer.ResultCode).
		Advise(fix)
}

// isAnswer is true when the directory itself has said so.
func isAnswer(err error, answer **ldap.Error) bool {
	return errors.As(err, answer) && (*answer).ResultCode < ldap.ErrorNetwork
}

func hasCode(err error, code uint16) bool { return ldap.IsErrorWithCode(err, code) }

// isGone is true when there is no such entry. A directory that only hides an entry says so too, but does not name the
// nearest one above that is there.
func isGone(err error) bool {
	var answer *ldap.Error
	return errors.As(err, &answer) && answer.ResultCode == ldap.LDAPResultNoSuchObject && answer.MatchedDN != ""
}

// hidden is about an entry that may or may not be there.
func (d *directory) hidden(dn string) error {
	return contract.Denied("%s has no entry %s that Curfew may see", d, contract.Shorten(dn, shown)).
		Advise("correct the name, or give Curfew's entry the rights that docs/targets/ldap.md lists")
}
