package config

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// OIDC says at which OpenID Connect provider people and machines sign in, and how its tokens name them.
type OIDC struct {
	Issuer       string            `yaml:"issuer" required:"write it as the provider's discovery document does, like https://login.example.com" doc:"The provider, letter for letter as its tokens have it."`
	ClientID     string            `yaml:"clientId" required:"register Curfew as a client at the provider, and write the id that it got" doc:"Curfew's own client at the provider, with which people sign in at the pages; tokens for it are accepted."`
	ClientSecret Secret            `yaml:"clientSecret" otherwise:"a public client" doc:"The secret of that client. PKCE is used either way."`
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

// ServiceToken is a token of Curfew's own with which a program acts as a person. The file has only its hash.
type ServiceToken struct {
	Person  string   `yaml:"person" needed:"" doc:"The person that the token stands for."`
	Hash    string   `yaml:"hash" needed:"" doc:"sha256: and the hexadecimal SHA-256 of the token, as curfew tokens new prints it."`
	Scopes  []string `yaml:"scopes" enum:"read,ask,review,revoke,operate" needed:"" doc:"What the token may be used for."`
	Expires string   `yaml:"expires" needed:"" doc:"Until when the token is good, like 2027-01-31T00:00:00Z."`

	Digest [sha256.Size]byte `yaml:"-"` // Hash, decoded
	Until  time.Time         `yaml:"-"` // Expires, decoded
}

// What a token may be used for. People who sign in themselves may do all that their person may.
const (
	ScopeRead    = "read"    // see
	ScopeAsk     = "ask"     // ask, extend, cancel, have certificates made
	ScopeReview  = "review"  // approve and deny
	ScopeRevoke  = "revoke"  // end access early
	ScopeOperate = "operate" // see to stuck revokes, sweep, and pull the kill switch
)

// IsID is true for what can be the id of a person, target, template or service token.
func IsID(text string) bool { return validID.MatchString(text) }

// Scopes are all there are.
func Scopes() []string { return []string{ScopeRead, ScopeAsk, ScopeReview, ScopeRevoke, ScopeOperate} }

// Claims that have a meaning of their own.
const (
	ClaimEmail   = "email" // counts only when email_verified is true
	ClaimSubject = "sub"
)

// HashPrefix says how the hash of a service token was made.
const HashPrefix = "sha256:"

// longestLogin bounds what a provider calls somebody, in bytes.
const longestLogin = 256

func (r *reading) identity(c *Config) {
	if c.OIDC != nil {
		r.oidc(c.OIDC, path{"oidc"})
		r.behindTLS(path{"server", "url"}, c.Server.URL, "cookies of the sign-in")
	}
	r.logins(c, path{"people"})
	r.serviceTokens(c, path{"serviceTokens"})
}

func (r *reading) oidc(oidc *OIDC, at path) {
	if oidc.Issuer != "" {
		r.address(at.Key("issuer"), oidc.Issuer)
		r.behindTLS(at.Key("issuer"), oidc.Issuer, "keys and tokens")
	}
	oidc.CLIClientID = cmp.Or(oidc.CLIClientID, oidc.ClientID)
	for key, list := range map[string][]string{"audiences": oidc.Audiences, "clients": oidc.Clients} {
		if i := slices.Index(list, ""); i >= 0 {
			r.wrong(at.Key(key).Item(i), "is empty", "write an id, or take the item out")
		}
	}
	if oidc.Groups.Optional && oidc.Groups.Claim == "" {
		r.wrong(at.Key("groups").Key("optional"), "is about no claim", "name the claim too, or take the line out")
	}
}

// behindTLS holds that what must not be read on the way goes over TLS, or does not leave the machine.
func (r *reading) behindTLS(at path, address, what string) {
	if outbound.InTheClear(address) {
		r.wrong(at, fmt.Sprintf("would send %s in the clear", what),
			"write it with https://; only a loopback address may do without")
	}
}

// logins holds that nobody who signs in is two persons, and no two who sign in are one.
func (r *reading) logins(c *Config, at path) {
	for key, of := range map[string]func(Person) string{
		"login": func(p Person) string {
			if c.letterCounts() {
				return p.Login
			}
			return alike(p.Login)
		},
		"subject": func(p Person) string { return p.Subject },
	} {
		owners := map[string]string{}
		for _, id := range slices.Sorted(maps.Keys(c.People)) {
			name, here := of(c.People[id]), at.Key(id).Key(key)
			switch owner, taken := owners[name]; {
			case name == "":
				continue
			case len(name) > longestLogin || strings.TrimSpace(name) != name:
				r.wrong(here, "is no name that a provider gives: it is too long, or has space around it",
					"copy it from the provider again")
			case taken:
				r.wrong(here, fmt.Sprintf("is that of %s already", owner), "give each person a sign-in of their own")
			}
			owners[name] = id
		}
	}
}

func (r *reading) serviceTokens(c *Config, at path) {
	r.names(at, maps.Keys(c.ServiceTokens))
	owners := map[[sha256.Size]byte]string{}
	for _, name := range slices.Sorted(maps.Keys(c.ServiceTokens)) {
		token, here := c.ServiceTokens[name], at.Key(name)
		r.serviceToken(c, &token, here)
		if owner, taken := owners[token.Digest]; taken && token.Hash != "" {
			r.wrong(here.Key("hash"), fmt.Sprintf("is the same as that of %s", owner),
				"make another with curfew tokens new")
		}
		owners[token.Digest] = name
		c.ServiceTokens[name] = token
	}
}

func (r *reading) serviceToken(c *Config, token *ServiceToken, at path) {
	known(r, at.Key("person"), "person", token.Person, path{"people"}, c.People, "name the person that it stands for")
	digest, err := hex.DecodeString(strings.TrimPrefix(token.Hash, HashPrefix))
	if err != nil || len(digest) != sha256.Size || !strings.HasPrefix(token.Hash, HashPrefix) {
		r.wrong(at.Key("hash"), "is no sha256: and 64 hexadecimal digits",
			"make a token with curfew tokens new, and copy the line that it prints")
	}
	copy(token.Digest[:], digest)
	if len(token.Scopes) == 0 {
		r.wrong(at.Key("scopes"), "is missing: the token may do nothing", "choose from "+strings.Join(Scopes(), ", "))
	}
	for i, scope := range token.Scopes {
		r.OneOf(at.Key("scopes").Item(i), scope, Scopes()...)
	}
	if token.Until, err = time.Parse(time.RFC3339, token.Expires); err != nil {
		r.wrong(at.Key("expires"), "is no time", "write it like 2027-01-31T00:00:00Z")
	}
}

// ServiceTokenBy finds the service token that has a digest. How long that takes reveals nothing about any token:
// digests are compared, and those of tokens that nobody knows are not to be foreseen.
func (c *Config) ServiceTokenBy(digest [sha256.Size]byte) (ServiceToken, bool) {
	for _, token := range c.ServiceTokens {
		if subtle.ConstantTimeCompare(digest[:], token.Digest[:]) == 1 {
			return token, true
		}
	}
	return ServiceToken{}, false
}

// PersonBySubject finds who has a subject at the provider.
func (c *Config) PersonBySubject(subject string) (id string, ok bool) {
	return c.personBy(subject, func(p Person) string { return p.Subject })
}

// PersonByLogin finds who has a login at the provider. E-mail addresses are compared as accounts are, other claims
// letter for letter.
func (c *Config) PersonByLogin(login string) (id string, ok bool) {
	if c.letterCounts() {
		return c.personBy(login, func(p Person) string { return p.Login })
	}
	return c.personBy(fold(login), func(p Person) string { return fold(p.Login) })
}

// letterCounts is true when two logins that differ in capital letters are two.
func (c *Config) letterCounts() bool { return c.OIDC == nil || c.OIDC.PersonClaim != ClaimEmail }

// PersonByLoginInOtherCase finds whose login differs from one in capital and small letters alone. It is for explaining,
// and never for letting anybody in.
func (c *Config) PersonByLoginInOtherCase(login string) (id string, ok bool) {
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		if configured := c.People[id].Login; configured != "" && configured != login &&
			strings.EqualFold(configured, login) {
			return id, true
		}
	}
	return "", false
}

func (c *Config) personBy(name string, of func(Person) string) (string, bool) {
	if name == "" {
		return "", false
	}
	for id, person := range c.People {
		if of(person) == name {
			return id, true
		}
	}
	return "", false
}
