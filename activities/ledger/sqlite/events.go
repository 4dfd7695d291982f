package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	addEvent = `INSERT INTO events (request, seq, kind, at, actor, said, detail) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`

	eventColumns = `SELECT request, seq, kind, at, actor, said, detail FROM events`
	findEvent    = eventColumns + ` WHERE request = ? AND seq = ?`
	readEvents   = eventColumns + ` WHERE request = ? ORDER BY seq`

	putRequest = `INSERT INTO requests (id, seq, state, template, ticket, incident, stuck, waits, held, status)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, template = excluded.template,
			ticket = excluded.ticket, incident = excluded.incident, stuck = excluded.stuck, waits = excluded.waits,
			held = excluded.held, status = excluded.status
		WHERE excluded.seq >= requests.seq`
	readStatus = `SELECT status FROM requests WHERE id = ?`

	dropPeople = `DELETE FROM people WHERE request = ?`
	putPeople  = `INSERT INTO people (person, request, party, reviewer)
		SELECT person, ?1, max(party), max(reviewer) FROM (
			SELECT ?2 AS person, 1 AS party, 0 AS reviewer
			UNION ALL SELECT ?3, 1, 0
			UNION ALL SELECT value, 0, 1 FROM json_each(?4))
		WHERE person <> '' GROUP BY person`
)

// Append adds events and keeps the newest status of their request, all or nothing. An event that differs from the one
// that is there under its id is refused with contract.KindConflict.
func (s *Store) Append(ctx context.Context, events []contract.Event, status contract.Status) error {
	text, err := ledger.CheckAppend(events, status)
	if err != nil {
		return err
	}
	reviewers, err := json.Marshal(status.Reviewers)
	if err != nil {
		return fmt.Errorf("write the reviewers of %s for the ledger: %w", status.ID, err)
	}
	err = s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, event := range events {
			if err := s.add(ctx, tx, event); err != nil {
				return err
			}
		}
		return s.put(ctx, tx, status, text, string(reviewers))
	})
	return s.fault("append to the story of "+status.ID, err)
}

func (s *Store) add(ctx context.Context, tx *sql.Tx, event contract.Event) error {
	result, err := tx.StmtContext(ctx, s.texts.addEvent).ExecContext(ctx, event.Request, event.Seq, string(event.Kind),
		ledger.Stamp{Time: event.At}, event.Actor, event.Said, event.Detail)
	if err != nil {
		return err
	}
	if added, err := result.RowsAffected(); err != nil || added == 1 {
		return err
	}
	recorded, err := scanEvent(tx.StmtContext(ctx, s.texts.findEvent).QueryRowContext(ctx, event.Request, event.Seq))
	if err != nil {
		return err
	}
	return ledger.CheckSame(event, recorded)
}

// put leaves a newer status alone. It takes the status and its reviewers as JSON too.
func (s *Store) put(ctx context.Context, tx *sql.Tx, status contract.Status, text, reviewers string) error {
	result, err := tx.StmtContext(ctx, s.texts.putRequest).ExecContext(ctx, status.ID, status.Seq, string(status.State),
		status.Template, status.Ticket, status.Incident, status.Stuck, status.WaitsForReview(),
		ledger.HeldUntil(status), text)
	if err != nil {
		return err
	}
	if changed, err := result.RowsAffected(); err != nil || changed == 0 {
		return err
	}
	if _, err := tx.StmtContext(ctx, s.texts.dropPeople).ExecContext(ctx, status.ID); err != nil {
		return err
	}
	_, err = tx.StmtContext(ctx, s.texts.putPeople).ExecContext(ctx,
		status.ID, status.Requester, status.Subject, reviewers)
	return err
}

// Request returns the newest status of a request and its events in order, or ledger.ErrNotFound.
func (s *Store) Request(ctx context.Context, id string) (contract.Status, []contract.Event, error) {
	status, events, err := s.request(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		err = ledger.ErrNotFound
	}
	return status, events, s.fault("read request "+id, err)
}

func (s *Store) request(ctx context.Context, id string) (contract.Status, []contract.Event, error) {
	var text string
	if err := s.texts.readStatus.QueryRowContext(ctx, id).Scan(&text); err != nil {
		return contract.Status{}, nil, err
	}
	status, err := ledger.DecodeStatus(text)
	if err != nil {
		return contract.Status{}, nil, err
	}
	rows, err := s.texts.readEvents.QueryContext(ctx, id)
	if err != nil {
		return contract.Status{}, nil, err
	}
	events, err := collect(rows, scanEvent)
	return status, events, err
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(into ...any) error }

func scanEvent(r row) (contract.Event, error) {
	var event contract.Event
	var at ledger.Stamp
	err := r.Scan(&event.Request, &event.Seq, &event.Kind, &at, &event.Actor, &event.Said, &event.Detail)
	event.At = at.Time
	return event, err
}

// collect reads all rows and closes them.
func collect[T any](rows *sql.Rows, scan func(row) (T, error)) (all []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
