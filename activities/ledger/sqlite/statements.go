package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// statements are prepared once for each connection.
type statements struct {
	addEvent, findEvent, putRequest, dropPeople, putPeople, putHolding, addAlarm, addDecision,
	putSighting, addTombstone, addFreeze, dropAbsences, addAbsences, lapseAbsences, readAbsences, addConfirmation *sql.Stmt // for the writer

	readStatus, readEvents, readHolding, readTokens, readDue, readDueAt, readOpen, readHeld, readDecisions, readSightings,
	readTombstone, readStops, readEnded, readUntold, readFreeze, readConfirmation *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, writer, reader *sql.DB) error {
	for _, one := range []struct {
		statement **sql.Stmt
		db        *sql.DB
		text      string
	}{
		{&s.addEvent, writer, addEvent},
		{&s.findEvent, writer, findEvent},
		{&s.putRequest, writer, putRequest},
		{&s.dropPeople, writer, dropPeople},
		{&s.putPeople, writer, putPeople},
		{&s.putHolding, writer, putHolding},
		{&s.addAlarm, writer, addAlarm},
		{&s.addDecision, writer, addDecision},
		{&s.putSighting, writer, putSighting},
		{&s.addTombstone, writer, addTombstone},
		{&s.addFreeze, writer, addFreeze},
		{&s.dropAbsences, writer, dropAbsences},
		{&s.addAbsences, writer, addAbsences},
		{&s.lapseAbsences, writer, lapseAbsences},
		{&s.readAbsences, writer, readAbsences},
		{&s.addConfirmation, writer, addConfirmation},
		{&s.readStatus, reader, readStatus},
		{&s.readEvents, reader, readEvents},
		{&s.readHolding, reader, readHolding},
		{&s.readTokens, reader, readTokens},
		{&s.readDue, reader, readDue},
		{&s.readDueAt, reader, readDueAt},
		{&s.readOpen, reader, readOpen},
		{&s.readHeld, reader, readHeld},
		{&s.readDecisions, reader, readDecisions},
		{&s.readSightings, reader, readSightings},
		{&s.readTombstone, reader, readTombstone},
		{&s.readStops, reader, readStops},
		{&s.readEnded, reader, readEnded},
		{&s.readUntold, reader, readUntold},
		{&s.readFreeze, reader, readFreeze},
		{&s.readConfirmation, reader, readConfirmation},
	} {
		prepared, err := one.db.PrepareContext(ctx, one.text)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", one.text, err)
		}
		*one.statement = prepared
	}
	return nil
}
