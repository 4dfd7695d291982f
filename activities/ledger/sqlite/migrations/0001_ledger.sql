-- The story of every request. Without rowid there is one key only, and the triggers guard it.
CREATE TABLE events (
  request TEXT    NOT NULL,
  seq     INTEGER NOT NULL CHECK (seq > 0),
  kind    TEXT    NOT NULL,
  at      TEXT    NOT NULL,
  actor   TEXT    NOT NULL,
  said    TEXT    NOT NULL,
  detail  TEXT    NOT NULL,
  PRIMARY KEY (request, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: an event never changes');
END;

CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only: an event never goes');
END;

-- REPLACE deletes a row without asking the trigger above.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE request = NEW.request AND seq = NEW.seq)
BEGIN
  SELECT RAISE(IGNORE);
END;

-- The newest status of every request.
CREATE TABLE requests (
  id       TEXT    NOT NULL PRIMARY KEY,
  seq      INTEGER NOT NULL,
  state    TEXT    NOT NULL,
  template TEXT    NOT NULL,
  ticket   TEXT    NOT NULL,
  stuck    INTEGER NOT NULL,
  status   TEXT    NOT NULL
) STRICT;

CREATE INDEX requests_by_state    ON requests (state, id);
CREATE INDEX requests_by_template ON requests (template, id);
CREATE INDEX requests_by_ticket   ON requests (ticket, id);
CREATE INDEX requests_stuck       ON requests (id) WHERE stuck = 1;

-- Who has to do with a request: its parties are the requester and the subject.
CREATE TABLE people (
  person   TEXT    NOT NULL,
  request  TEXT    NOT NULL,
  party    INTEGER NOT NULL,
  reviewer INTEGER NOT NULL,
  PRIMARY KEY (person, request)
) STRICT, WITHOUT ROWID;

CREATE INDEX people_by_request ON people (request);

-- What is on the targets. A time is empty when it is not set, and so comes before all others.
CREATE TABLE holdings (
  grant_id    TEXT    NOT NULL PRIMARY KEY,
  target      TEXT    NOT NULL,
  entitlement TEXT    NOT NULL,
  person      TEXT    NOT NULL,
  account     TEXT    NOT NULL,
  epoch       INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  open        INTEGER NOT NULL,
  standing    INTEGER NOT NULL,
  until       TEXT    NOT NULL,
  leases      TEXT    NOT NULL,
  settled_at  TEXT    NOT NULL,
  gone_at     TEXT    NOT NULL
) STRICT;

CREATE INDEX holdings_due ON holdings (until, grant_id) WHERE open = 1;
