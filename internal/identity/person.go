package identity

import (
	"context"
	"crypto/subtle"

	"curfew/internal/config"
	"curfew/workflows/contract"
)

const (
	mostGroups   = 1000
	longestGroup = 256
)

// recognize finds out whose token of the provider this is. A nonce, when there is one, must be in it.
func (p *Provider) recognize(ctx context.Context, raw, nonce string) (Caller, error) {
	said, err := p.verify(ctx, raw)
	if err != nil {
		return Caller{}, err
	}
	if nonce != "" && subtle.ConstantTimeCompare([]byte(said.Nonce), []byte(nonce)) != 1 {
		return Caller{}, unproven("sign in again", "the token answers another sign-in")
	}
	person, err := p.person(said)
	if err != nil {
		return Caller{}, err
	}
	groups, err := p.groups(said)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Person: person, Groups: groups, At: said.issued, Scopes: config.Scopes(), Means: MeansOIDC}, nil
}

// person looks in the directory, which alone says who somebody is here.
func (p *Provider) person(said *claims) (string, error) {
	directory := p.config.Current()
	bySubject, hasSubject := directory.PersonBySubject(said.Subject)
	login, err := p.login(said)
	if err != nil && !hasSubject {
		return "", err
	}
	byLogin, hasLogin := directory.PersonByLogin(login)
	switch {
	case hasSubject && hasLogin && bySubject != byLogin:
		return "", contract.Problemf(contract.KindForbidden, "", "have an administrator mend login and subject of both in the configuration",
			"your sign-in is that of two persons, %s and %s", bySubject, byLogin)
	case hasSubject:
		return bySubject, nil
	case hasLogin:
		return byLogin, nil
	}
	return "", contract.Problemf(contract.KindForbidden, "",
		"have an administrator write it into the configuration, as people.<id>.login or, for the claim sub, people.<id>.subject",
		"the provider knows you, but nobody in the directory has the %s %q",
		directory.OIDC.PersonClaim, contract.Shorten(login, longestGroup))
}

// login is what the claim that names the person says. An e-mail address that the provider has not verified may be anybody's.
func (p *Provider) login(said *claims) (string, error) {
	claim := p.OIDC().PersonClaim
	login, ok := said.all[claim].(string)
	if !ok || login == "" {
		return "", contract.Problemf(contract.KindForbidden, "",
			"have an administrator of the provider put it into the tokens for Curfew", "the provider's token has no claim %s", claim)
	}
	verified := said.all["email_verified"]
	if claim == config.ClaimEmail && verified != true && verified != "true" {
		return "", contract.Problemf(contract.KindForbidden, "", "verify your address at the provider",
			"the provider doesn't say that your e-mail address is verified")
	}
	return login, nil
}

// groups are those that the token names. A claim that can't be understood is never taken for one that names none.
func (p *Provider) groups(said *claims) ([]string, error) {
	settings := p.OIDC().Groups
	if settings.Claim == "" {
		return nil, nil
	}
	value, there := said.all[settings.Claim]
	if !there && settings.Optional {
		return nil, nil
	}
	if single, ok := value.(string); ok {
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
		return nil, contract.Problemf(contract.KindForbidden, "",
			"have an administrator of the provider put it into the tokens for Curfew", "the provider's token has no claim %s", settings.Claim)
	case !ok || len(list) > mostGroups:
		return nil, contract.Problemf(contract.KindForbidden, "",
			"have an administrator of the provider make it a list of names", "the claim %s of the provider's token is no list of groups", settings.Claim)
	}
	return groups, nil
}
