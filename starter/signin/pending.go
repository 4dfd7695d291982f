package signin

import (
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"

	"curfew/internal/identity"
	"curfew/internal/keyring"
)

// signInWithin is how long a browser may take from leaving for the provider to coming back.
const signInWithin = 10 * time.Minute

// mostAnswered is how many answers of the provider are remembered, so that none counts twice. The provider takes its
// codes once as well.
const mostAnswered = 20_000

// pending are the sign-ins at the provider that have not been answered. The browsers keep them, sealed, so that
// nobody's take the place of anybody else's; and a server knows those that another one has begun.
type pending struct {
	secrets keyring.Ring
	now     func() time.Time

	mu       sync.Mutex
	answered *expirable.LRU[string, struct{}] // by state
}

// signIn is a sign-in that has not been answered.
type signIn struct {
	identity.SignIn
	Next  string // where the browser wanted to go
	Until time.Time
}

func newPending(secrets keyring.Ring) *pending {
	return &pending{
		secrets:  secrets,
		now:      time.Now,
		answered: expirable.NewLRU[string, struct{}](mostAnswered, nil, signInWithin),
	}
}

// cookiePurpose keeps cookies apart from what else is made with the servers' secrets.
const cookiePurpose = "pending sign-ins"

// seal makes the text that the browser keeps.
func (p *pending) seal(leaving signIn) (string, error) {
	leaving.Until = p.now().Add(signInWithin)
	text, err := json.Marshal(leaving)
	if err != nil {
		return "", err
	}
	sealed, err := p.secrets.Seal(cookiePurpose, text)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// open reads what a browser has kept; false when no server has made it, or not lately.
func (p *pending) open(text string) (left signIn, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return signIn{}, false
	}
	opened, ok := p.secrets.Open(cookiePurpose, sealed)
	if !ok || json.Unmarshal(opened, &left) != nil || !p.now().Before(left.Until) {
		return signIn{}, false
	}
	return left, true
}

// answer marks a sign-in as answered; false when it was before.
func (p *pending) answer(left signIn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answered.Contains(left.State) {
		return false
	}
	p.answered.Add(left.State, struct{}{})
	return true
}
