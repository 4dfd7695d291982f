-- Which workers reach the target; empty for those that serve every other target.
ALTER TABLE holdings ADD COLUMN task_queue TEXT NOT NULL DEFAULT '';

CREATE INDEX holdings_by_target ON holdings (target, grant_id);

-- What concerns operators and is no request's event.
CREATE TABLE alarms (
  id       TEXT NOT NULL PRIMARY KEY,
  kind     TEXT NOT NULL,
  at       TEXT NOT NULL,
  target   TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  requests TEXT NOT NULL,
  actor    TEXT NOT NULL,
  said     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX alarms_by_time   ON alarms (at, id);
CREATE INDEX alarms_by_kind   ON alarms (kind, at, id);
CREATE INDEX alarms_by_target ON alarms (target, at, id);
CREATE INDEX alarms_by_grant  ON alarms (grant_id, at, id);

CREATE TRIGGER alarms_never_change BEFORE UPDATE ON alarms
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: an alarm never changes');
END;

CREATE TRIGGER alarms_never_go BEFORE DELETE ON alarms
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: an alarm never goes');
END;

-- REPLACE deletes a row without asking the trigger above.
CREATE TRIGGER alarms_are_never_replaced BEFORE INSERT ON alarms
WHEN EXISTS (SELECT 1 FROM alarms WHERE id = NEW.id)
BEGIN
  SELECT RAISE(IGNORE);
END;
