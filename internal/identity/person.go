package identity

import (
	"context"
	"crypto/subtle"
	"regexp"
	"slices"
	"strings"

	"curfew/internal/people"
	"curfew/workflows/contract"
)

const (
	mostGroups   = 1000
	longestGroup = 256
)

// recognize finds out whose token of the provider this is. A nonce, when there is one, must be in it.
func (p *Provider) recognize(ctx context.Context, directory *people.Directory, raw, nonce string) (Caller, error) {
	said, err := p.verify(ctx, raw)
	if err != nil {
		return Caller{}, err
	}
	if nonce != "" && subtle.ConstantTimeCompare([]byte(said.Nonce), []byte(nonce)) != 1 {
		return Caller{}, unproven(contract.Forbidden("the token answers another sign-in").Advise("sign in again"))
	}
	person, err := p.person(directory, said)
	if err != nil {
		return Caller{}, err
	}
	groups, err := p.groups(directory, said)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Person: person, Groups: groups, At: said.issued, Scopes: people.Scopes(), Means: MeansOIDC}, nil
}

// person looks in the directory, which alone says who somebody is here.
func (p *Provider) person(directory *people.Directory, said *claims) (string, error) {
	bySubject, hasSubject := directory.PersonBySubject(said.Subject)
	login, err := p.login(said)
	if err != nil && !hasSubject {
		return "", err
	}
	byLogin, hasLogin := directory.PersonByLogin(login)
	switch {
	case hasSubject && hasLogin && bySubject != byLogin:
		return "", contract.Forbidden("your sign-in is that of two persons, %s and %s", bySubject, byLogin).
			Advise("have an administrator mend login and subject of both in the configuration")
	case hasSubject:
		return bySubject, nil
	case hasLogin:
		return byLogin, nil
	}
	if other, almost := directory.PersonByLoginInOtherCase(login); almost {
		return "", contract.Forbidden("the provider says that your %s is %q, and the directory has it in other letters for %s", p.settings.PersonClaim, contract.Shorten(login, longestGroup), other).
			Advise("have an administrator write the login as the provider does, as people." + other + ".login; in this claim capital and small letters differ")
	}
	return "", contract.Forbidden("the provider knows you, but nobody in the directory has the %s %q", p.settings.PersonClaim, contract.Shorten(login, longestGroup)).
		Advise("have an administrator write it into the configuration, as people.<id>.login or, for the claim sub, people.<id>.subject")
}

// login is what the claim that names the person says. An e-mail address that the provider has not verified may be
// anybody's.
func (p *Provider) login(said *claims) (string, error) {
	claim := p.settings.PersonClaim
	login, ok := said.all[claim].(string)
	if !ok || login == "" {
		return "", contract.Forbidden("the provider's token has no claim %s", claim).
			Advise("have an administrator of the provider put it into the tokens for Curfew")
	}
	if claim == people.ClaimEmail {
		if err := checkVerified(said); err != nil {
			return "", err
		}
	}
	return login, nil
}

// checkVerified holds that an e-mail address is its owner's. Providers that never say so are told apart from those that
// say no.
func checkVerified(said *claims) error {
	const elsewhere = "have an administrator of the provider put email_verified into the tokens for Curfew, or name people by another claim: " +
		"oidc.personClaim, or people.<id>.subject; docs/identity.md says which, for each provider"
	switch verified, there := said.all["email_verified"]; {
	case verified == true || verified == "true":
		return nil
	case !there:
		return contract.Forbidden("the provider's token does not say whether your e-mail address is verified: it has no claim email_verified").
			Advise(elsewhere)
	case verified == false || verified == "false":
		return contract.Forbidden("the provider says that your e-mail address is not verified").
			Advise("verify your address at the provider, or have an administrator there do it")
	default:
		return contract.Forbidden("the provider's token does not say whether your e-mail address is verified: its claim email_verified is neither true nor false").
			Advise(elsewhere)
	}
}

// groups are those that the token names. A claim that can't be understood is never taken for one that names none.
func (p *Provider) groups(directory *people.Directory, said *claims) ([]string, error) {
	settings := p.settings.Groups
	if settings.Claim == "" {
		return nil, nil
	}
	value, there := said.all[settings.Claim]
	if !there && settings.Optional {
		return nil, nil
	}
	if single, ok := value.(string); ok {
		if packed(directory, single) {
			return nil, contract.Forbidden("the claim %s of the provider's token is one text that looks like several groups: %q", settings.Claim, contract.Shorten(single, longestGroup)).
				Advise("have an administrator of the provider make it a list with an item for each group (in Keycloak, switch Multivalued on)")
		}
		value = []any{single}
	}
	list, ok := value.([]any)
	groups := make([]string, 0, len(list))
	for _, item := range list {
		group, isText := item.(string)
		ok = ok && isText && group != "" && len(group) <= longestGroup
		groups = append(groups, group)
	}
	switch {
	case !there:
		return nil, contract.Forbidden("the provider's token has no claim %s", settings.Claim).
			Advise("have an administrator of the provider put it into the tokens for Curfew")
	case !ok || len(list) > mostGroups:
		return nil, contract.Forbidden("the claim %s of the provider's token is no list of groups", settings.Claim).
			Advise("have an administrator of the provider make it a list of names")
	}
	return groups, nil
}

// packed is true for a text that is no group's name, as far as the directory knows, but looks like a list of some.
// The names that directories give groups have commas too.
func packed(directory *people.Directory, text string) bool {
	known := map[string]bool{}
	for _, group := range directory.Groups {
		known[group.Claim] = true
	}
	if known[text] || distinguished.MatchString(text) {
		return false
	}
	names := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;|", r) })
	return strings.ContainsAny(text, ",;|\n[]{}\"") ||
		slices.ContainsFunc(names, func(name string) bool { return known[name] })
}

// distinguished is how directories write names, like CN=sre,OU=groups.
var distinguished = regexp.MustCompile(`(?i)^(cn|ou|dc|uid|o)=`)
