package pagerduty

import (
	"context"
	"net/http"
	"slices"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// note is all of a note that we read.
type note struct {
	ID      string    `json:"id"`
	User    reference `json:"user"`
	Content string    `json:"content"`
}

// by is true for a note that a user wrote. Others could write the marker of an entry in advance, to keep it off the
// incident, and so could a rule that adds notes by itself: theirs don't count.
func (n note) by(user string) bool { return n.User.ID == user && n.User.Type != "bot_user_reference" }

// AddNote adds an entry once. PagerDuty has no idempotency key, and a lost reply does not show whether the note was
// written: so the entry is always looked for first.
func (s *System) AddNote(ctx context.Context, id string, entry story.Entry) error {
	if err := s.checkIncident(id); err != nil {
		return err
	}
	if err := story.CheckID("marker", entry.Marker); err != nil {
		return err
	}
	me, err := s.identity(ctx)
	if err != nil {
		return err
	}
	notes := "/incidents/" + id + "/notes"
	var written struct {
		Notes []note `json:"notes"`
	}
	err = s.call(ctx, exchange{method: http.MethodGet, about: aboutIncident, path: notes, receive: &written})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(
		written.Notes,
		func(n note) bool { return n.by(me) && story.MarkerOf(n.Content) == entry.Marker },
	) {
		return nil
	}
	return s.write(ctx, notes, me, render(entry))
}

// write adds a note, and makes sure that it is found again as ours.
func (s *System) write(ctx context.Context, notes, me, content string) error {
	type body struct {
		Content string `json:"content"`
	}
	var added struct {
		Note note `json:"note"`
	}
	err := s.call(ctx, exchange{
		method:  http.MethodPost,
		about:   aboutIncident,
		path:    notes,
		send:    map[string]body{"note": {content}},
		receive: &added,
	})
	if err != nil {
		return err
	}
	if added.Note.ID == "" {
		return s.api.Strange("no note")
	}
	if !added.Note.by(me) {
		return contract.Denied("%s wrote the note in another user's name", s.api).
			At("incidents.pagerduty.from").
			Advise("write the e-mail address of the user whose API key it is, or use a key of the account")
	}
	return nil
}
