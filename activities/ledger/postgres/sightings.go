package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
)

const (
	putSighting = `INSERT INTO curfew.sightings AS seen (person, groups, at) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET groups = excluded.groups, at = excluded.at WHERE excluded.at >= seen.at`
	readSightings = `SELECT person, groups, at FROM curfew.sightings WHERE at >= $1 ORDER BY person`
)

// See remembers a sighting, unless a later one of the same person is known.
func (s *Store) See(ctx context.Context, sighting ledger.Sighting) error {
	sighting, groups, err := ledger.CheckSighting(sighting)
	if err != nil {
		return err
	}
	err = s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		_, err := conn.Exec(ctx, putSighting, escape(sighting.Person), groups, ledger.Stamp{Time: sighting.At})
		return err
	})
	return fault(ctx, "remember the sign-in of "+sighting.Person, err)
}

// Seen returns the sightings at an instant or later.
func (s *Store) Seen(ctx context.Context, since time.Time) ([]ledger.Sighting, error) {
	return list(ctx, s, "read who has signed in", scanSighting, readSightings, ledger.Stamp{Time: since})
}

func scanSighting(row pgx.Row) (seen ledger.Sighting, err error) {
	var at ledger.Stamp
	var groups string
	if err := row.Scan((*literal)(&seen.Person), &groups, &at); err != nil {
		return ledger.Sighting{}, err
	}
	seen.At = at.Time
	seen.Groups, err = ledger.DecodeGroups(groups)
	return seen, err
}
