package limit

import (
	"crypto/sha256"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// buckets have one bucket for each key.
type buckets struct {
	refill rate.Limit
	burst  int
	known  *lru.Cache[[sha256.Size]byte, *rate.Limiter] // by the digest: a key may be a secret
}

func newBuckets(refill rate.Limit, burst int) *buckets {
	known, _ := lru.New[[sha256.Size]byte, *rate.Limiter](mostKnown) // it fails for no length
	return &buckets{refill: refill, burst: burst, known: known}
}

// take takes one out of a key's bucket; how long to wait until there is one, otherwise.
func (b *buckets) take(key string) (wait time.Duration) {
	taken := b.of(key).Reserve()
	if wait = taken.Delay(); wait > 0 {
		taken.Cancel()
	}
	return wait
}

// of is a key's bucket.
func (b *buckets) of(key string) *rate.Limiter {
	digest := sha256.Sum256([]byte(key))
	limiter, known := b.known.Get(digest)
	if !known {
		fresh := rate.NewLimiter(b.refill, b.burst)
		if limiter, known, _ = b.known.PeekOrAdd(digest, fresh); !known {
			limiter = fresh
		}
	}
	return limiter
}
