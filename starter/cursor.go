package starter

import (
	"encoding/base64"
	"fmt"
	"slices"

	"curfew/workflows/contract"
)

// cursorPurpose keeps cursors apart from what else is made with the servers' secrets.
const cursorPurpose = "list cursors"

// withHiddenCursor is a page that does not say how far it was looked for: that may be the id of a request that the
// reader must not know of. The id of one that the page shows stays as it is.
func (s *Snapshot) withHiddenCursor(page Page) (Page, error) {
	shown := func(status contract.Status) bool { return status.ID == page.Next }
	if page.Next == "" || slices.ContainsFunc(page.Requests, shown) {
		return page, nil
	}
	sealed, err := s.secrets.Seal(cursorPurpose, []byte(page.Next))
	if err != nil {
		return Page{}, problemOf(fmt.Errorf("seal a cursor: %w", err), "")
	}
	page.Next = base64.RawURLEncoding.EncodeToString(sealed)
	return page, nil
}

// openCursor is the id behind a hidden cursor; everything else stays as it is.
func (s *Snapshot) openCursor(cursor string) string {
	if text, err := base64.RawURLEncoding.DecodeString(cursor); err == nil {
		if id, ok := s.secrets.Open(cursorPurpose, text); ok {
			return string(id)
		}
	}
	return cursor
}
