package servicenow

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

const (
	// pageSize is how many entries of the journal are asked for at once, and pageLimit how often.
	pageSize  = 100
	pageLimit = 50
)

// AddNote adds a work note once. The Table API has no idempotency key, and a lost reply does not show whether the note
// was written: so it is always looked for first, and seen to be there afterwards.
func (s *System) AddNote(ctx context.Context, id string, told story.Entry) error {
	if err := story.CheckID("marker", told.Marker); err != nil {
		return err
	}
	found, err := s.read(ctx, id)
	if err != nil {
		return err
	}
	if err := s.readable(ctx); err != nil {
		return err
	}
	written, err := s.written(ctx, found.SysID, told.Marker)
	if err != nil || written {
		return err
	}
	var changed row
	err = s.call(ctx, exchange{
		method:  http.MethodPatch,
		path:    []string{tableIncidents, found.SysID},
		query:   url.Values{"sysparm_fields": {"sys_id"}},
		send:    map[string]string{"work_notes": render(told)},
		receive: &changed,
	})
	if err != nil {
		return err
	}
	return s.shown(ctx, found, told.Marker)
}

// shown refuses when the note is not to be seen: ServiceNow says that all is well also when the account may not write
// it. The refusal is final, because what can't be seen could be there all the same, and must not be written twice.
func (s *System) shown(ctx context.Context, on row, marker string) error {
	written, err := s.written(ctx, on.SysID, marker)
	if err != nil || written {
		return err
	}
	return contract.Denied("%s took a work note for %s and does not show it", s.api, on.Number).
		Advise("let Curfew's ServiceNow account write work_notes of incidents and read them in sys_journal_field, as docs/incidents/servicenow.md says")
}

// written looks for a note with a marker by our own account. Others could write the marker in advance, to keep an entry
// off the incident: theirs don't count.
func (s *System) written(ctx context.Context, on, marker string) (bool, error) {
	me, err := s.identity(ctx)
	if err != nil {
		return false, err
	}
	query := "element_id=" + on + "^element=work_notes^sys_created_by=" + me + "^ORDERBYsys_id"
	after := ""
	for range pageLimit {
		var page []entry
		if err := s.list(ctx, tableJournal, query+after, entryFields, strconv.Itoa(pageSize), &page); err != nil {
			return false, err
		}
		for _, old := range page {
			if old.Element == on && old.Author == me && story.MarkerOf(old.Value) == marker {
				return true, nil
			}
		}
		if len(page) < pageSize {
			return false, nil
		}
		after = "^sys_id>" + page[len(page)-1].SysID
	}
	return false, s.api.Strange("the same work notes again and again")
}
