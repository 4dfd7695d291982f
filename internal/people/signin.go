package people

import (
	"maps"
	"slices"
	"strings"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// OIDC says at which OpenID Connect provider people and machines sign in, and how its tokens name them.
type OIDC struct {
	Issuer       string            `yaml:"issuer" required:"write it as the provider's discovery document does, like https://login.example.com" doc:"The provider, letter for letter as its tokens have it."`
	ClientID     string            `yaml:"clientId" required:"register Curfew as a client at the provider, and write the id that it got" doc:"Curfew's own client at the provider, with which people sign in at the pages; tokens for it are accepted."`
	ClientSecret strictyaml.Secret `yaml:"clientSecret" otherwise:"a public client" doc:"The secret of that client. PKCE is used either way."`
	CLIClientID  string            `yaml:"cliClientId" otherwise:"clientId" doc:"The public client with which curfew login signs people in."`
	Audiences    []string          `yaml:"audiences" doc:"For whom tokens may be made, beside the two clients."`
	Clients      []string          `yaml:"clients" doc:"Who may have had tokens made, beside the two clients."`
	PersonClaim  string            `yaml:"personClaim" default:"email" doc:"The claim of tokens that names a person; email counts only when it is verified."`
	Groups       OIDCGroups        `yaml:"groups" doc:"How tokens name a person's groups."`
	Session      contract.Duration `yaml:"session" default:"8h" min:"1m" max:"24h" doc:"How long a sign-in at the pages lasts."`
}

// OIDCGroups says which claim of tokens names a person's groups.
type OIDCGroups struct {
	Claim    string            `yaml:"claim" otherwise:"tokens name no groups" doc:"The claim that names a person's groups."`
	Optional bool              `yaml:"optional" doc:"Whether a token without the claim means no groups; otherwise it is refused."`
	Lasts    contract.Duration `yaml:"lasts" default:"12h" min:"1m" max:"168h" doc:"How long somebody is a member whose sign-in named a group."`
}

// Claims that have a meaning of their own.
const (
	ClaimEmail   = "email" // counts only when email_verified is true
	ClaimSubject = "sub"
)

// longestLogin bounds what a provider calls somebody, in bytes.
const longestLogin = 256

func (c check) oidc(oidc *OIDC, at strictyaml.Path) {
	if oidc.Issuer != "" {
		c.Address(oidc.Issuer, at.Key("issuer"))
		c.Encrypted(oidc.Issuer, "keys and tokens", at.Key("issuer"))
	}
	for key, list := range map[string][]string{"audiences": oidc.Audiences, "clients": oidc.Clients} {
		if i := slices.Index(list, ""); i >= 0 {
			c.Wrong(at.Key(key).Item(i), contract.Invalid("is empty").Advise("write an id, or take the item out"))
		}
	}
	if oidc.Groups.Optional && oidc.Groups.Claim == "" {
		c.Wrong(at.Key("groups").Key("optional"),
			contract.Invalid("is about no claim").Advise("name the claim too, or take the line out"))
	}
}

// logins holds that nobody who signs in is two persons, and no two who sign in are one.
func (c check) logins(at strictyaml.Path) {
	for key, of := range map[string]func(Person) string{
		"login": func(p Person) string {
			if c.directory.letterCounts() {
				return p.Login
			}
			return alike(p.Login)
		},
		"subject": func(p Person) string { return p.Subject },
	} {
		owners := map[string]string{}
		for _, id := range slices.Sorted(maps.Keys(c.directory.People)) {
			name, here := of(c.directory.People[id]), at.Key(id).Key(key)
			switch owner, taken := owners[name]; {
			case name == "":
				continue
			case len(name) > longestLogin || strings.TrimSpace(name) != name:
				c.Wrong(here,
					contract.Invalid("is no name that a provider gives: it is too long, or has space around it").
						Advise("copy it from the provider again"))
			case taken:
				c.Wrong(here,
					contract.Invalid("is that of %s already", owner).Advise("give each person a sign-in of their own"))
			}
			owners[name] = id
		}
	}
}

// PersonBySubject finds who has a subject at the provider.
func (d *Directory) PersonBySubject(subject string) (id string, ok bool) {
	return d.personBy(subject, func(p Person) string { return p.Subject })
}

// PersonByLogin finds who has a login at the provider. E-mail addresses are compared as accounts are, other claims
// letter for letter.
func (d *Directory) PersonByLogin(login string) (id string, ok bool) {
	if d.letterCounts() {
		return d.personBy(login, func(p Person) string { return p.Login })
	}
	return d.personBy(fold(login), func(p Person) string { return fold(p.Login) })
}

// letterCounts is true when two logins that differ in capital letters are two.
func (d *Directory) letterCounts() bool { return d.OIDC == nil || d.OIDC.PersonClaim != ClaimEmail }

// PersonByLoginInOtherCase finds whose login differs from one in capital and small letters alone. It is for explaining,
// and never for letting anybody in.
func (d *Directory) PersonByLoginInOtherCase(login string) (id string, ok bool) {
	for _, id := range slices.Sorted(maps.Keys(d.People)) {
		if configured := d.People[id].Login; configured != "" && configured != login &&
			strings.EqualFold(configured, login) {
			return id, true
		}
	}
	return "", false
}

func (d *Directory) personBy(name string, of func(Person) string) (string, bool) {
	if name == "" {
		return "", false
	}
	for id, person := range d.People {
		if of(person) == name {
			return id, true
		}
	}
	return "", false
}
