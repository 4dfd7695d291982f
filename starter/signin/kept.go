package signin

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// kept holds values for those who know their secret, for a while, and not more than so many: then the oldest make room.
// Of the secrets only hashes are kept.
type kept[T any] struct {
	most int
	now  func() time.Time

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*list.Element // of entry[T]
	order *list.List                          // the oldest first
}

type entry[T any] struct {
	key   [sha256.Size]byte
	value T
	until time.Time
}

func newKept[T any](most int) *kept[T] {
	return &kept[T]{most: most, now: time.Now, byKey: map[[sha256.Size]byte]*list.Element{}, order: list.New()}
}

// keep holds a value for a while. All values of one kept are for the same while, so the oldest is the first to be over.
func (k *kept[T]) keep(secret string, value T, lasts time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for oldest := k.order.Front(); oldest != nil; oldest = k.order.Front() {
		if k.order.Len() < k.most && k.now().Before(oldest.Value.(entry[T]).until) {
			break
		}
		k.drop(oldest)
	}
	kept := entry[T]{sha256.Sum256([]byte(secret)), value, k.now().Add(lasts)}
	k.byKey[kept.key] = k.order.PushBack(kept)
}

// look finds the value of a secret.
func (k *kept[T]) look(secret string) (value T, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := k.byKey[sha256.Sum256([]byte(secret))]
	return k.unlessOver(found, ok)
}

// take finds the value of a secret, which is worth nothing from then on.
func (k *kept[T]) take(secret string) (value T, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := k.byKey[sha256.Sum256([]byte(secret))]
	if ok {
		k.drop(found)
	}
	return k.unlessOver(found, ok)
}

func (k *kept[T]) unlessOver(found *list.Element, ok bool) (value T, there bool) {
	if !ok || !k.now().Before(found.Value.(entry[T]).until) {
		return value, false
	}
	return found.Value.(entry[T]).value, true
}

func (k *kept[T]) drop(element *list.Element) {
	delete(k.byKey, element.Value.(entry[T]).key)
	k.order.Remove(element)
}
