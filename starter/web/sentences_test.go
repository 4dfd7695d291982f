package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/activities/story/storytest"
	"curfew/internal/people"
)

// The parts of a request's page that say how it stands.
var (
	headline = regexp.MustCompile(`(?s)<p class="headline">(.*?)</p>`)
	notes    = regexp.MustCompile(`(?s)<span class="note">(.*?)</span>`)
	history  = regexp.MustCompile(`(?s)<ol class="story" reversed>(.*?)</ol>`)
	markup   = regexp.MustCompile(`<[^>]*>`)
)

func TestThePageSaysNothingThatIsNotSo(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]struct {
		sentences []story.Sentence
		of        *regexp.Regexp
	}{
		"where it stands": {story.Standings, headline},
		"an entitlement":  {story.Holds, notes},
		"what happened":   {story.Events, history},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openEntry(t)
			d.Config.Roles.Auditors = []string{"carol"}
			for id, person := range map[string]string{"ann": "Ann Lee", "bob": "Bob Carter", "dan": "Dan Dee"} {
				known := d.Config.People[id]
				known.Name = person
				d.Config.People[id] = known
			}
			carol := d.signedIn(t, "carol")
			place := storytest.Place{Show: func(t *testing.T, c story.Case) string {
				t.Helper()
				status := c.Status
				status.ID = ulid.Make().String()
				if !status.Untracked { // the server finds no workflow of any of them, and believes that once a minute has passed
					status.AskedAt = time.Now()
				}
				c.Event.Seq = 1
				d.Record(t, status, c.Event)
				page := carol.get("/requests/" + status.ID)
				require.Equal(t, http.StatusOK, page.StatusCode, page.text)
				var text strings.Builder
				for _, found := range part.of.FindAllStringSubmatch(page.text, -1) {
					text.WriteString(markup.ReplaceAllString(found[1], "") + "\n")
				}
				return text.String()
			}}
			if name != "what happened" { // the history is as it was written, in UTC to the second
				place.Clock = func(at time.Time) string { return at.UTC().Format("2 Jan 2006, 15:04 UTC") }
			}
			storytest.Walk(t, part.sentences, place)
		})
	}
}

func TestAPageLinksTheRequestThatHoldsTheAccessUp(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	d.Config.People["ann"] = people.Person{Name: "Ann Lee"}
	d.Config.Roles.Auditors = []string{"carol"}
	status := storytest.CaseOf(t, story.Standings[sentence(t, "This request has ended. {subject} still has")]).Status
	keeper := ulid.Make().String()
	status.ID, status.Holds[0].HeldBy = ulid.Make().String(), keeper
	d.Record(t, status)
	page := d.signedIn(t, "carol").get("/requests/" + status.ID).text
	require.Regexp(t, headline, page)
	said := headline.FindStringSubmatch(page)[1]
	require.Contains(
		t,
		said,
		"Ann Lee (ann) still has the access through request <a href=\"/requests/"+keeper+"\">"+keeper+"</a> until",
	)
}

func sentence(t *testing.T, start string) int {
	t.Helper()
	for i, s := range story.Standings {
		if strings.HasPrefix(s.Text, start) {
			return i
		}
	}
	t.Fatalf("there is no sentence %q", start)
	return -1
}
