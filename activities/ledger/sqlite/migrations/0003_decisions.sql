-- How much of their time requests have used up, as JSON.
ALTER TABLE holdings ADD COLUMN uses TEXT NOT NULL DEFAULT 'null';

-- What the policy has decided, with all that it was made of, in the order in which it was decided.
CREATE TABLE decisions (
  number        INTEGER NOT NULL PRIMARY KEY,
  request       TEXT    NOT NULL,
  about         TEXT    NOT NULL,
  at            TEXT    NOT NULL,
  ruling        TEXT    NOT NULL,
  why           TEXT    NOT NULL,
  until         TEXT    NOT NULL,
  policy_digest TEXT    NOT NULL,
  explanation   TEXT    NOT NULL
) STRICT;

CREATE INDEX decisions_by_request ON decisions (request, number);

CREATE TRIGGER decisions_never_change BEFORE UPDATE ON decisions
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a decision never changes');
END;

CREATE TRIGGER decisions_never_go BEFORE DELETE ON decisions
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a decision never goes');
END;

-- REPLACE deletes a row without asking the trigger above.
CREATE TRIGGER decisions_are_never_replaced BEFORE INSERT ON decisions
WHEN EXISTS (SELECT 1 FROM decisions WHERE number = NEW.number)
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: a decision never changes');
END;
