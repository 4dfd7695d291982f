package web

import (
	"crypto/rand"
	"crypto/sha256"
	"time"

	"github.com/oklog/ulid/v2"
)

// An id is made with the form, so that a form that is sent twice makes one request. The starter takes ids of the last
// ten minutes.
const (
	idLasts = 9 * time.Minute
	// idStep is how long the ids of a form that was open for longer stay the same.
	idStep = 5 * time.Minute
)

func newID(now time.Time) string {
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil { // only a clock beyond the year 10889 can do that
		return ""
	}
	return id.String()
}

// freshID returns a form's id, or the one that follows from it when that is too old. It is the same one each time, so
// that such a form can be sent twice as well.
func freshID(id string, now time.Time) string {
	parsed, err := ulid.ParseStrict(id)
	if err != nil {
		return newID(now)
	}
	if now.Sub(parsed.Timestamp()).Abs() < idLasts {
		return parsed.String()
	}
	digest := sha256.Sum256([]byte("again " + parsed.String()))
	var again ulid.ULID
	if again.SetTime(ulid.Timestamp(now.Truncate(idStep))) != nil || again.SetEntropy(digest[:10]) != nil {
		return newID(now)
	}
	return again.String()
}
