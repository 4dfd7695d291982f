package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
	"curfew/workflows/contract"
)

const (
	addAlarm = `INSERT INTO curfew.alarms (id, kind, at, target, grant_id, requests, actor, said)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`
	alarmColumns = `SELECT id, kind, at, target, grant_id, requests, actor, said FROM curfew.alarms`
)

// Raise adds an alarm, unless there is one under its id.
func (s *Store) Raise(ctx context.Context, alarm contract.Alarm) error {
	alarm, requests, err := ledger.CheckAlarm(alarm)
	if err != nil {
		return err
	}
	err = s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		_, err := conn.Exec(ctx, addAlarm, escape(alarm.ID), escape(string(alarm.Kind)), ledger.Stamp{Time: alarm.At},
			escape(alarm.Target), escape(alarm.Grant), requests, escape(alarm.Actor), escape(alarm.Text))
		return err
	})
	return fault(ctx, "raise the alarm "+alarm.ID, err)
}

// List returns a page of alarms, newest first.
func (s *Store) List(ctx context.Context, filter ledger.AlarmFilter) ([]contract.Alarm, error) {
	length, before, err := filter.Page()
	if err != nil {
		return nil, err
	}
	text, args := alarmQuery(filter, before, length)
	return list(ctx, s, "list alarms", scanAlarm, text, args...)
}

func alarmQuery(filter ledger.AlarmFilter, before ledger.Cursor, length int) (string, []any) {
	q := question{text: alarmColumns}
	q.equal("kind", string(filter.Kind))
	q.equal("target", filter.Target)
	q.equal("grant_id", filter.Grant)
	if before.ID != "" {
		q.where("(at, id) < ($?, $?)", before.At, escape(before.ID))
	}
	return q.end("at DESC, id DESC", length)
}

func scanAlarm(row pgx.Row) (contract.Alarm, error) {
	var alarm contract.Alarm
	var kept ledger.AlarmRow
	if err := row.Scan(
		(*literal)(&alarm.ID),
		(*literal)(&alarm.Kind),
		&kept.At,
		(*literal)(&alarm.Target),
		(*literal)(&alarm.Grant),
		&kept.Requests,
		(*literal)(&alarm.Actor),
		(*literal)(&alarm.Text),
	); err != nil {
		return contract.Alarm{}, err
	}
	err := kept.Into(&alarm)
	return alarm, err
}
