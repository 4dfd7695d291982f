package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
	"curfew/workflows/contract"
)

const (
	// It locks the request's row, also when it leaves a newer status alone: what is appended to one request is appended
	// by one after the other.
	putRequest = `INSERT INTO curfew.requests AS newest (id, seq, state, template, ticket, incident, stuck, waits, held, status)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, template = excluded.template,
			ticket = excluded.ticket, incident = excluded.incident, stuck = excluded.stuck, waits = excluded.waits,
			held = excluded.held, status = excluded.status
		WHERE excluded.seq >= newest.seq`

	isNewest   = `(SELECT seq FROM curfew.requests WHERE id = $1) = $2`
	dropPeople = `DELETE FROM curfew.people WHERE request = $1 AND ` + isNewest
	putPeople  = `INSERT INTO curfew.people (person, request, party, reviewer)
		SELECT person, $1, bool_or(party), bool_or(NOT party) FROM (
			SELECT unnest($3::text[]), true
			UNION ALL SELECT unnest($4::text[]), false) AS everybody (person, party)
		WHERE person <> '' AND ` + isNewest + ` GROUP BY person`

	// The table's trigger leaves out what is there already, and refuses another event under its id.
	addEvents = `INSERT INTO curfew.events (request, seq, kind, at, actor, said, detail)
		SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`

	readStatus = `SELECT status FROM curfew.requests WHERE id = $1`
	readEvents = `SELECT request, seq, kind, at, actor, said, detail FROM curfew.events WHERE request = $1 ORDER BY seq`
)

// Append adds events and keeps the newest status of their request, all or nothing and in one round trip. An event that
// differs from the one that is there under its id is refused with contract.KindConflict.
func (s *Store) Append(ctx context.Context, events []contract.Event, status contract.Status) error {
	text, err := ledger.CheckAppend(events, status)
	if err != nil {
		return err
	}
	told, err := columnsOf(events)
	if err != nil {
		return err
	}
	id := escape(status.ID)
	err = s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		batch := &pgx.Batch{} // in one transaction
		batch.Queue(
			putRequest,
			id,
			status.Seq,
			escape(string(status.State)),
			escape(status.Template),
			escape(status.Ticket),
			escape(status.Incident),
			status.Stuck,
			status.WaitsForReview(),
			ledger.HeldUntil(status),
			text,
		)
		batch.Queue(dropPeople, id, status.Seq)
		batch.Queue(
			putPeople,
			id,
			status.Seq,
			escapeAll([]string{status.Requester, status.Subject}),
			escapeAll(status.Reviewers),
		)
		if len(events) > 0 {
			batch.Queue(addEvents, id, told.seqs, told.kinds, told.ats, told.actors, told.said, told.details)
		}
		return conn.SendBatch(ctx, batch).Close()
	})
	return fault(ctx, "append to the story of "+status.ID, err)
}

// columns are events as addEvents takes them.
type columns struct {
	seqs                              []int
	kinds, ats, actors, said, details []string
}

func columnsOf(events []contract.Event) (columns, error) {
	var c columns
	for _, event := range events {
		at, err := stamped(event.At)
		if err != nil {
			return columns{}, err
		}
		c.seqs = append(c.seqs, event.Seq)
		c.kinds = append(c.kinds, escape(string(event.Kind)))
		c.ats = append(c.ats, at)
		c.actors = append(c.actors, escape(event.Actor))
		c.said = append(c.said, escape(event.Said))
		c.details = append(c.details, escape(event.Detail))
	}
	return c, nil
}

func escapeAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = escape(text)
	}
	return all
}

// Request returns the newest status of a request and its events in order, or ledger.ErrNotFound.
func (s *Store) Request(ctx context.Context, id string) (status contract.Status, events []contract.Event, err error) {
	err = s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		batch := &pgx.Batch{}
		batch.Queue(readStatus, escape(id)).QueryRow(func(row pgx.Row) (err error) {
			status, err = scanStatus(row)
			return err
		})
		batch.Queue(readEvents, escape(id)).Query(func(rows pgx.Rows) (err error) {
			events, err = collect(rows, scanEvent)
			return err
		})
		return conn.SendBatch(ctx, batch).Close()
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = ledger.ErrNotFound
	}
	if err != nil {
		return contract.Status{}, nil, fault(ctx, "read request "+id, err)
	}
	return status, events, nil
}

func scanStatus(row pgx.Row) (contract.Status, error) {
	var text string
	if err := row.Scan(&text); err != nil {
		return contract.Status{}, err
	}
	return ledger.DecodeStatus(text)
}

func scanEvent(row pgx.Row) (contract.Event, error) {
	var event contract.Event
	var at ledger.Stamp
	err := row.Scan((*literal)(&event.Request), &event.Seq, (*literal)(&event.Kind), &at, (*literal)(&event.Actor),
		(*literal)(&event.Said), (*literal)(&event.Detail))
	event.At = at.Time
	return event, err
}

// collect reads all rows; no rows are nil.
func collect[T any](rows pgx.Rows, scan func(pgx.Row) (T, error)) ([]T, error) {
	var none []T
	return pgx.AppendRows(none, rows, func(row pgx.CollectableRow) (T, error) { return scan(row) })
}
