package people

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// ServiceToken is a token of Curfew's own with which a program acts as a person. The file has only its hash.
type ServiceToken struct {
	Person  string   `yaml:"person" required:"name the person that it stands for" doc:"The person that the token stands for."`
	Hash    string   `yaml:"hash" required:"make a token with curfew tokens new, and copy the line that it prints" doc:"sha256: and the hexadecimal SHA-256 of the token, as curfew tokens new prints it."`
	Scopes  []string `yaml:"scopes" enum:"read,ask,review,revoke,operate" required:"" doc:"What the token may be used for."`
	Expires string   `yaml:"expires" required:"write until when it is good, like 2027-01-31T00:00:00Z" doc:"Until when the token is good, like 2027-01-31T00:00:00Z."`

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

// Scopes are all there are.
func Scopes() []string { return []string{ScopeRead, ScopeAsk, ScopeReview, ScopeRevoke, ScopeOperate} }

// HashPrefix says how the hash of a service token was made.
const HashPrefix = "sha256:"

func (c check) serviceTokens(at strictyaml.Path) {
	tokens := c.directory.ServiceTokens
	c.IDs(maps.Keys(tokens), at)
	owners := map[[sha256.Size]byte]string{}
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		token, here := tokens[name], at.Key(name)
		c.serviceToken(&token, here)
		if owner, taken := owners[token.Digest]; taken && token.Hash != "" {
			c.Wrong(here.Key("hash"),
				contract.Invalid("is the same as that of %s", owner).Advise("make another with curfew tokens new"))
		}
		owners[token.Digest] = name
		tokens[name] = token
	}
}

func (c check) serviceToken(token *ServiceToken, at strictyaml.Path) {
	if token.Person != "" {
		c.Refer(token.Person, at.Key("person"), c.directory.PersonNames())
	}
	digest, err := hex.DecodeString(strings.TrimPrefix(token.Hash, HashPrefix))
	if token.Hash != "" && (err != nil || len(digest) != sha256.Size || !strings.HasPrefix(token.Hash, HashPrefix)) {
		c.Wrong(at.Key("hash"), contract.Invalid("is no sha256: and 64 hexadecimal digits").
			Advise("make a token with curfew tokens new, and copy the line that it prints"))
	}
	copy(token.Digest[:], digest)
	if token.Until, err = time.Parse(time.RFC3339, token.Expires); token.Expires != "" && err != nil {
		c.Wrong(at.Key("expires"), contract.Invalid("is no time").Advise("write it like 2027-01-31T00:00:00Z"))
	}
}

// ServiceTokenBy finds the service token that has a digest. How long that takes reveals nothing about any token:
// digests are compared, and those of tokens that nobody knows are not to be foreseen.
func (d *Directory) ServiceTokenBy(digest [sha256.Size]byte) (ServiceToken, bool) {
	for _, token := range d.ServiceTokens {
		if subtle.ConstantTimeCompare(digest[:], token.Digest[:]) == 1 {
			return token, true
		}
	}
	return ServiceToken{}, false
}
