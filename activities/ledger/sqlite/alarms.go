package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	addAlarm = `INSERT INTO alarms (id, kind, at, target, grant_id, requests, actor, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`
	alarmColumns = `SELECT id, kind, at, target, grant_id, requests, actor, said FROM alarms`
)

// Raise adds an alarm, unless there is one under its id.
func (s *Store) Raise(ctx context.Context, alarm contract.Alarm) error {
	alarm, requests, err := ledger.CheckAlarm(alarm)
	if err != nil {
		return err
	}
	err = s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, s.texts.addAlarm).
			ExecContext(ctx, alarm.ID, string(alarm.Kind), ledger.Stamp{Time: alarm.At},
				alarm.Target, alarm.Grant, requests, alarm.Actor, alarm.Text)
		return err
	})
	return s.fault("raise the alarm "+alarm.ID, err)
}

// List returns a page of alarms, newest first.
func (s *Store) List(ctx context.Context, filter ledger.AlarmFilter) ([]contract.Alarm, error) {
	length, before, err := filter.Page()
	if err != nil {
		return nil, err
	}
	text, args := alarmQuery(filter, before, length)
	rows, err := s.reader.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.fault("list alarms", err)
	}
	alarms, err := collect(rows, scanAlarm)
	return alarms, s.fault("list alarms", err)
}

func alarmQuery(filter ledger.AlarmFilter, before ledger.Cursor, length int) (string, []any) {
	conditions, args := []string{"TRUE"}, []any{}
	for _, one := range []struct{ column, value string }{
		{"kind", string(filter.Kind)}, {"target", filter.Target}, {"grant_id", filter.Grant},
	} {
		if one.value != "" {
			conditions, args = append(conditions, one.column+" = ?"), append(args, one.value)
		}
	}
	if before.ID != "" {
		conditions, args = append(conditions, "(at, id) < (?, ?)"), append(args, before.At, before.ID)
	}
	return alarmColumns + " WHERE " + strings.Join(
			conditions,
			" AND ",
		) + " ORDER BY at DESC, id DESC LIMIT ?", append(
			args,
			length,
		)
}

func scanAlarm(r row) (contract.Alarm, error) {
	var alarm contract.Alarm
	var kept ledger.AlarmRow
	if err := r.Scan(
		&alarm.ID,
		&alarm.Kind,
		&kept.At,
		&alarm.Target,
		&alarm.Grant,
		&kept.Requests,
		&alarm.Actor,
		&alarm.Text,
	); err != nil {
		return contract.Alarm{}, err
	}
	err := kept.Into(&alarm)
	return alarm, err
}
