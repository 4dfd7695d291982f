-- What the directory has lost, and since when. A row goes when it is back.
CREATE TABLE absences (
  absent TEXT NOT NULL PRIMARY KEY,
  since  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which versions of the directory somebody has confirmed, so that much access may end by them.
CREATE TABLE confirmations (
  digest TEXT NOT NULL PRIMARY KEY,
  at     TEXT NOT NULL,
  actor  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER confirmations_never_change BEFORE UPDATE ON confirmations
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a confirmation never changes');
END;

CREATE TRIGGER confirmations_never_go BEFORE DELETE ON confirmations
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a confirmation never goes');
END;

-- REPLACE deletes a row without asking the trigger above.
CREATE TRIGGER confirmations_are_never_replaced BEFORE INSERT ON confirmations
WHEN EXISTS (SELECT 1 FROM confirmations WHERE digest = NEW.digest)
BEGIN
  SELECT RAISE(IGNORE);
END;
