package sqlite

import (
	"context"
	"strings"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Requests returns a page of statuses, newest first.
func (s *Store) Requests(ctx context.Context, filter ledger.Filter) ([]contract.Status, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	text, args := listQuery(filter, length)
	rows, err := s.reader.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.fault("list requests", err)
	}
	statuses, err := collect(rows, scanStatus)
	return statuses, s.fault("list requests", err)
}

func scanStatus(r row) (contract.Status, error) {
	var text string
	if err := r.Scan(&text); err != nil {
		return contract.Status{}, err
	}
	return ledger.DecodeStatus(text)
}

// listQuery writes the question that a filter asks. It is written so that an index gives the rows in the order of the
// list: of one person's requests when a person is asked for, else of all requests. CROSS JOIN keeps SQLite to that
// order.
func listQuery(filter ledger.Filter, length int) (string, []any) {
	var q question
	for _, who := range []struct{ person, alias, role string }{
		{filter.Person, "parties", "parties.party = 1"},
		{filter.Reviewer, "reviewers", "reviewers.reviewer = 1"},
		{filter.Viewer, "viewers", ""},
	} {
		if who.person != "" {
			q.joinPerson(who.alias, who.person, who.role)
		}
	}
	q.join("requests", "requests.id")
	if filter.State != "" {
		q.where("requests.state = ?", string(filter.State))
	}
	if filter.Template != "" {
		q.where("requests.template = ?", filter.Template)
	}
	if filter.Ticket != "" {
		q.where("requests.ticket = ?", filter.Ticket)
	}
	if filter.Incident != "" {
		q.where("requests.incident = ?", filter.Incident)
	}
	if filter.Stuck {
		q.where("requests.stuck = 1")
	}
	if filter.Waits {
		q.where("requests.waits = 1")
	}
	if !filter.HeldSince.IsZero() {
		q.where("requests.held >= ?", ledger.Stamp{Time: filter.HeldSince})
	}
	if filter.Before != "" {
		q.where(q.id+" < ?", filter.Before)
	}
	return q.text(length)
}

// question is a list query in the making.
type question struct {
	from, conditions []string
	args             []any
	id               string // the column that has the request's id, in the outermost table
}

func (q *question) join(table, id string) {
	q.from = append(q.from, table)
	if q.id == "" {
		q.id = id
		return
	}
	q.where(id + " = " + q.id)
}

func (q *question) joinPerson(alias, person, role string) {
	q.join("people AS "+alias, alias+".request")
	q.where(alias+".person = ?", person)
	if role != "" {
		q.where(role)
	}
}

func (q *question) where(condition string, args ...any) {
	q.conditions = append(q.conditions, condition)
	q.args = append(q.args, args...)
}

func (q *question) text(length int) (string, []any) {
	text := "SELECT requests.status FROM " + strings.Join(q.from, " CROSS JOIN ")
	if len(q.conditions) > 0 {
		text += " WHERE " + strings.Join(q.conditions, " AND ")
	}
	return text + " ORDER BY " + q.id + " DESC LIMIT ?", append(q.args, length)
}
