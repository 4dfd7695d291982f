package limit

import (
	"crypto/sha256"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// turns have those who must wait come one after another. Whoever would only be told to try again would come back at the
// same moment as all the others.
type turns struct {
	mu      sync.Mutex
	buckets *buckets
	given   *lru.Cache[[sha256.Size]byte, time.Time] // when a thing's turn is
}

func newTurns(of *buckets) *turns {
	given, _ := lru.New[[sha256.Size]byte, time.Time](mostKnown) // it fails for no length
	return &turns{buckets: of, given: given}
}

// take is how long a thing has to wait for its turn.
func (t *turns) take(key, thing string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name := sha256.Sum256([]byte(key + "\x00" + thing))
	if turn, given := t.given.Get(name); given {
		return max(0, time.Until(turn))
	}
	wait = t.buckets.of(key).Reserve().Delay()
	t.given.Add(name, time.Now().Add(wait))
	return wait
}
