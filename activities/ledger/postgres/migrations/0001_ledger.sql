-- +goose Up

-- Texts are kept with \ and control characters escaped as in Go's literals, since PostgreSQL has no place for U+0000.
-- Times are text in UTC to the nanosecond, empty when not set; CAST(NULLIF(at, '') AS timestamptz) makes times of them.
-- Both sort and compare by their bytes.

-- The story of every request.
CREATE TABLE curfew.events (
  request text COLLATE "C" NOT NULL,
  seq     integer          NOT NULL CHECK (seq > 0),
  kind    text COLLATE "C" NOT NULL,
  at      text COLLATE "C" NOT NULL,
  actor   text COLLATE "C" NOT NULL,
  said    text COLLATE "C" NOT NULL,
  detail  text COLLATE "C" NOT NULL,
  PRIMARY KEY (request, seq)
);

-- The newest status of every request.
CREATE TABLE curfew.requests (
  id       text COLLATE "C" NOT NULL PRIMARY KEY,
  seq      integer          NOT NULL,
  state    text COLLATE "C" NOT NULL,
  template text COLLATE "C" NOT NULL,
  ticket   text COLLATE "C" NOT NULL,
  stuck    boolean          NOT NULL,
  status   json             NOT NULL
);

CREATE INDEX requests_by_state    ON curfew.requests (state, id);
CREATE INDEX requests_by_template ON curfew.requests (template, id);
CREATE INDEX requests_by_ticket   ON curfew.requests (ticket, id);
CREATE INDEX requests_stuck       ON curfew.requests (id) WHERE stuck;

-- Who has to do with a request: its parties are the requester and the subject.
CREATE TABLE curfew.people (
  person   text COLLATE "C" NOT NULL,
  request  text COLLATE "C" NOT NULL,
  party    boolean          NOT NULL,
  reviewer boolean          NOT NULL,
  PRIMARY KEY (person, request)
);

CREATE INDEX people_by_request ON curfew.people (request);

-- What is on the targets.
CREATE TABLE curfew.holdings (
  grant_id   text COLLATE "C" NOT NULL PRIMARY KEY,
  target     text COLLATE "C" NOT NULL,
  access     json             NOT NULL,
  epoch      bigint           NOT NULL,
  seq        bigint           NOT NULL,
  open       boolean          NOT NULL,
  standing   boolean          NOT NULL,
  until      text COLLATE "C" NOT NULL,
  leases     json             NOT NULL,
  settled_at text COLLATE "C" NOT NULL,
  gone_at    text COLLATE "C" NOT NULL
);

CREATE INDEX holdings_due       ON curfew.holdings (until, grant_id) WHERE open;
CREATE INDEX holdings_by_target ON curfew.holdings (target, grant_id);

-- What concerns operators and is no request's event.
CREATE TABLE curfew.alarms (
  id       text COLLATE "C" NOT NULL PRIMARY KEY,
  kind     text COLLATE "C" NOT NULL,
  at       text COLLATE "C" NOT NULL,
  target   text COLLATE "C" NOT NULL,
  grant_id text COLLATE "C" NOT NULL,
  requests json             NOT NULL,
  actor    text COLLATE "C" NOT NULL,
  said     text COLLATE "C" NOT NULL
);

CREATE INDEX alarms_by_time   ON curfew.alarms (at, id);
CREATE INDEX alarms_by_kind   ON curfew.alarms (kind, at, id);
CREATE INDEX alarms_by_target ON curfew.alarms (target, at, id);
CREATE INDEX alarms_by_grant  ON curfew.alarms (grant_id, at, id);

-- An event that is told again is left as it is; another one under its id is refused, with the id as the error's detail.
-- +goose StatementBegin
CREATE FUNCTION curfew.tell_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  told curfew.events;
BEGIN
  SELECT * INTO told FROM curfew.events WHERE request = NEW.request AND seq = NEW.seq;
  IF NOT FOUND THEN
    RETURN NEW;
  END IF;
  IF told IS DISTINCT FROM NEW THEN
    RAISE EXCEPTION 'the ledger is append-only: it has another event under this id'
      USING ERRCODE = 'CF409', DETAIL = NEW.request || '/' || NEW.seq;
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER events_are_told_once BEFORE INSERT ON curfew.events
  FOR EACH ROW EXECUTE FUNCTION curfew.tell_once();

-- +goose StatementBegin
CREATE FUNCTION curfew.never_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % never change and never go', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON curfew.events
  FOR EACH STATEMENT EXECUTE FUNCTION curfew.never_change();
CREATE TRIGGER alarms_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON curfew.alarms
  FOR EACH STATEMENT EXECUTE FUNCTION curfew.never_change();

-- Also for sessions that replay what another server wrote.
ALTER TABLE curfew.events ENABLE ALWAYS TRIGGER events_are_told_once;
ALTER TABLE curfew.events ENABLE ALWAYS TRIGGER events_never_change;
ALTER TABLE curfew.alarms ENABLE ALWAYS TRIGGER alarms_never_change;
