package sqlite

import (
	"context"
	"database/sql"
	"time"

	"curfew/activities/ledger"
)

const (
	putSighting = `INSERT INTO sightings (person, groups, at) VALUES (?, ?, ?)
		ON CONFLICT (person) DO UPDATE SET groups = excluded.groups, at = excluded.at WHERE excluded.at >= sightings.at`
	readSightings = `SELECT person, groups, at FROM sightings WHERE at >= ? ORDER BY person`
)

// See remembers a sighting, unless a later one of the same person is known.
func (s *Store) See(ctx context.Context, sighting ledger.Sighting) error {
	sighting, groups, err := ledger.CheckSighting(sighting)
	if err != nil {
		return err
	}
	err = s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, s.texts.putSighting).
			ExecContext(ctx, sighting.Person, groups, ledger.Stamp{Time: sighting.At})
		return err
	})
	return s.fault("remember the sign-in of "+sighting.Person, err)
}

// Seen returns the sightings at an instant or later.
func (s *Store) Seen(ctx context.Context, since time.Time) ([]ledger.Sighting, error) {
	rows, err := s.texts.readSightings.QueryContext(ctx, ledger.Stamp{Time: since})
	if err != nil {
		return nil, s.fault("read who has signed in", err)
	}
	sightings, err := collect(rows, scanSighting)
	return sightings, s.fault("read who has signed in", err)
}

func scanSighting(r row) (seen ledger.Sighting, err error) {
	var at ledger.Stamp
	var groups string
	if err := r.Scan(&seen.Person, &groups, &at); err != nil {
		return ledger.Sighting{}, err
	}
	seen.At = at.Time
	seen.Groups, err = ledger.DecodeGroups(groups)
	return seen, err
}
