-- What has ended for good: requests, and with a grant's id their leases on it. Nothing that was decided about them opens
-- anything any more.
CREATE TABLE tombstones (
  request  TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  kind     TEXT NOT NULL,
  at       TEXT NOT NULL,
  actor    TEXT NOT NULL,
  said     TEXT NOT NULL,
  PRIMARY KEY (request, grant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstones_by_time ON tombstones (at);

CREATE TRIGGER tombstones_never_change BEFORE UPDATE ON tombstones
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a tombstone never changes');
END;

CREATE TRIGGER tombstones_never_go BEFORE DELETE ON tombstones
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a tombstone never goes');
END;

-- REPLACE deletes a row without asking the trigger above.
CREATE TRIGGER tombstones_are_never_replaced BEFORE INSERT ON tombstones
WHEN EXISTS (SELECT 1 FROM tombstones WHERE request = NEW.request AND grant_id = NEW.grant_id)
BEGIN
  SELECT RAISE(IGNORE);
END;

-- From when to when nothing was granted; the last entry counts.
CREATE TABLE freezes (
  number INTEGER NOT NULL PRIMARY KEY,
  frozen INTEGER NOT NULL,
  at     TEXT    NOT NULL,
  actor  TEXT    NOT NULL,
  said   TEXT    NOT NULL
) STRICT;

CREATE TRIGGER freezes_never_change BEFORE UPDATE ON freezes
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a freeze never changes');
END;

CREATE TRIGGER freezes_never_go BEFORE DELETE ON freezes
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a freeze never goes');
END;

-- REPLACE deletes a row without asking the trigger above.
CREATE TRIGGER freezes_are_never_replaced BEFORE INSERT ON freezes
WHEN EXISTS (SELECT 1 FROM freezes WHERE number = NEW.number)
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a freeze never changes');
END;
