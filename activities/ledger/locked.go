package ledger

import (
	"fmt"
	"sync"
)

// Slot is the holding that somebody has locked, as stores remember it between Lock and Unlock. Its methods may be
// called from many goroutines.
type Slot struct {
	grant string

	mu      sync.Mutex
	holding Holding
	over    bool
}

// NewSlot has the holding of a grant as it was when it was locked.
func NewSlot(grant string, holding Holding) *Slot { return &Slot{grant: grant, holding: holding} }

// Holding is what was last saved.
func (s *Slot) Holding() Holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holding
}

// Replace puts another holding in its place, if write writes it. After Close it fails: somebody else may have the
// holding by then.
func (s *Slot) Replace(holding Holding, write func() error) error {
	return s.Use("save the holding of", func() error {
		if holding.Grant != s.grant {
			return fmt.Errorf("save the holding of %q: the lock is on %s", holding.Grant, s.grant)
		}
		if err := write(); err != nil {
			return err
		}
		s.holding = holding
		return nil
	})
}

// Use runs what reads under the lock. After Close it fails.
func (s *Slot) Use(purpose string, read func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return fmt.Errorf("%s %s: its lock was let go of", purpose, s.grant)
	}
	return read()
}

// Close lets go of the holding, once, after a Replace that is on its way.
func (s *Slot) Close(letGo func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over = true
		letGo()
	}
}
