// Package storytest walks all sentences that Curfew says of events and requests, for the tests of the places where they
// are shown: each fact that a sentence needs is negated, and what the place shows must change.
package storytest

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Place is where sentences are shown.
type Place struct {
	// Show is what people read there of a case; empty for what the place does not show at all.
	Show func(t *testing.T, c story.Case) string
	// Clock is how the place shows times; in UTC when it is nil.
	Clock func(time.Time) string
}

// Walk has a place show a case of every one of some sentences, and the same case without each one of its facts: the
// place must say the sentence, and must not say it when one of its facts does not hold, or is another one.
func Walk(t *testing.T, sentences []story.Sentence, place Place) {
	t.Helper()
	shown := 0
	for _, sentence := range sentences {
		c := CaseOf(t, sentence)
		c.Clock = place.Clock
		says := plain(sentence.Say(c))
		text := place.Show(t, c)
		if text == "" {
			continue
		}
		shown++
		require.Contains(t, plain(text), says, "it does not say %q", sentence.Text)
		for _, fact := range sentence.Needs {
			require.NotEqual(
				t,
				plain(text),
				plain(place.Show(t, Without(t, c, fact))),
				"%q: the same is shown when it is not so: %s",
				sentence.Text,
				fact.Name,
			)
		}
		for _, value := range sentence.Values() {
			require.NotContains(
				t,
				plain(place.Show(t, WithOther(t, c, value))),
				says,
				"%q is shown with another value of %s",
				sentence.Text,
				value,
			)
		}
	}
	require.NotZero(t, shown, "the place shows nothing")
}

// plain leaves letters and digits of a text, which no place formats or escapes.
func plain(text string) string {
	return strings.Join(
		strings.FieldsFunc(
			html.UnescapeString(text),
			func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) },
		),
		" ",
	)
}

// CaseOf is a case that has all facts of a sentence, and none that makes another one be said.
func CaseOf(t *testing.T, sentence story.Sentence) story.Case {
	t.Helper()
	c := base()
	for _, fact := range sentence.Needs {
		state(t, fact.Name).has(&c)
	}
	require.True(t, sentence.Fits(c), "the case of %q lacks one of its facts", sentence.Text)
	return c
}

// Without is a case that has a fact no more.
func Without(t *testing.T, c story.Case, fact story.Fact) story.Case {
	t.Helper()
	c = clone(t, c)
	state(t, fact.Name).lacks(&c)
	require.False(t, fact.Holds(c), "the case has the fact still: %s", fact.Name)
	return c
}

// WithOther is a case in which a value is another one.
func WithOther(t *testing.T, c story.Case, value string) story.Case {
	t.Helper()
	change, known := others[value]
	require.True(t, known, "say in storytest how the value %q becomes another one", value)
	c = clone(t, c)
	change(&c)
	return c
}

// Claims are words that a sentence may say only with the facts beside them. They find a sentence that lists none.
var Claims = []struct {
	Word  *regexp.Regexp
	Facts []string // any of these is enough
}{
	{
		regexp.MustCompile(`(?i)is there|seen to be gone|^gone|Access has ended|Access was ended`),
		[]string{"gone", "entitlement gone", "entitlement held"},
	},
	{
		regexp.MustCompile(`(?i)can't confirm`),
		[]string{"removed", "removed entitlement", "outcome unconfirmed", "event unconfirmed"},
	},
	{regexp.MustCompile(`(?i)still has`), []string{"kept up by another request"}},
	{regexp.MustCompile(`(?i)kept`), []string{"was kept up by another request", "kept up by another request"}},
	{regexp.MustCompile(`(?i)before and (keeps|stays)`), []string{"standing", "standing entitlement"}},
	{
		regexp.MustCompile(`(?i)approved`),
		[]string{"event approved", "event scheduled", "state scheduled", "state granting"},
	},
	{regexp.MustCompile(`(?i)without approval`), []string{"break-glass", "event break-glass-used"}},
	{regexp.MustCompile(`(?i)nothing is left`), []string{"nothing left"}},
	{regexp.MustCompile(`(?i)no access was granted`), []string{"never granted"}},
	{regexp.MustCompile(`(?i)not in order`), []string{"not in order"}},
	{regexp.MustCompile(`(?i)was in order`), []string{"in order"}},
	{regexp.MustCompile(`(?i)keeps retrying|goes on trying|stuck`), []string{"stuck", "a revoke fails", "event stuck"}},
	{regexp.MustCompile(`(?i)answers for it|taken it over`), []string{"taken over", "outcome taken-over"}},
	{regexp.MustCompile(`(?i)is active|^active`), []string{"state active"}},
}

// Unlisted are claims that a sentence makes without their facts.
func Unlisted(sentence story.Sentence) []string {
	var missing []string
	for _, claim := range Claims {
		listed := slices.ContainsFunc(
			sentence.Needs,
			func(fact story.Fact) bool { return slices.Contains(claim.Facts, fact.Name) },
		)
		text := sentence.Text
		if claim.Word.String() == `(?i)was in order` && regexp.MustCompile(`(?i)not in order`).MatchString(text) {
			continue
		}
		if claim.Word.MatchString(text) && !listed {
			missing = append(missing, claim.Word.String())
		}
	}
	return missing
}

var (
	now   = time.Now().UTC().Truncate(time.Second)
	asked = now.Add(-30 * time.Minute)
)

// base is a request that says nothing of itself: each fact is added.
func base() story.Case {
	until := asked.Add(time.Hour)
	return story.Case{
		Now:   now,
		Event: contract.Event{Request: "R1", Seq: 3, Kind: "none", Actor: "bob", At: now},
		Status: contract.Status{
			ID:          "R1",
			State:       "none",
			Template:    "debug-prod",
			Requester:   "ann",
			Subject:     "ann",
			Purpose:     contract.Purpose{Reason: "look at the orders"},
			AskedAt:     now,
			Duration:    contract.Duration{Duration: time.Hour},
			MaxDuration: contract.Duration{Duration: 4 * time.Hour},
			Needed:      2,
			Approvals:   1,
			Reviewers:   []string{"bob", "carol"},
			Until:       &until,
			Names:       map[string]string{"ann": "Ann Lee", "bob": "Bob Carter", "dan": "Dan Dee"},
			Holds: []contract.HoldState{
				{
					Access: contract.Access{
						Target:      "orders-db",
						Entitlement: json.RawMessage(`{"role":"repair"}`),
						Person:      "ann",
						Account:     "ann_db",
					},
				},
			},
		},
	}
}

func clone(t *testing.T, c story.Case) story.Case {
	t.Helper()
	text, err := json.Marshal(c.Status)
	require.NoError(t, err)
	var status contract.Status
	require.NoError(t, json.Unmarshal(text, &status))
	c.Status = status
	return c
}
