package smtp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/notify"
	"curfew/activities/notify/notifytest"
	"curfew/activities/story"
	"curfew/activities/story/storytest"
)

func TestNoMailSaysWhatIsNotSo(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	channel := open(t, s, nil)
	storytest.Walk(t, story.Events, storytest.Place{Show: func(t *testing.T, c story.Case) string {
		t.Helper()
		page := func(string) string { return notifytest.Page }
		_, err := channel.Send(t.Context(), notify.Message{
			Event:  c.Event,
			Entry:  story.Of(c.Event, c.Status, page),
			Status: c.Status,
			To:     []notify.Recipient{ann},
			Page:   notifytest.Page,
		})
		require.NoError(t, err)
		mails := s.mails()
		l := read(t, mails[len(mails)-1])
		require.Contains(t, l.html, notifytest.Page)
		return l.plain
	}})
}
