-- +goose Up

-- The server's time as every column keeps times.
-- +goose StatementBegin
CREATE FUNCTION curfew.stamp(at timestamptz) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
  AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"000Z"') $$;
-- +goose StatementEnd

-- What has ended for good: requests, and with a grant's id their leases on it. Nothing that was decided about them opens
-- anything any more.
CREATE TABLE curfew.tombstones (
  request  text COLLATE "C" NOT NULL,
  grant_id text COLLATE "C" NOT NULL,
  kind     text COLLATE "C" NOT NULL,
  at       text COLLATE "C" NOT NULL DEFAULT curfew.stamp(clock_timestamp()),
  actor    text COLLATE "C" NOT NULL,
  said     text COLLATE "C" NOT NULL,
  PRIMARY KEY (request, grant_id)
);

CREATE INDEX tombstones_by_time ON curfew.tombstones (at);

CREATE TRIGGER tombstones_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON curfew.tombstones
  FOR EACH STATEMENT EXECUTE FUNCTION curfew.never_change();
ALTER TABLE curfew.tombstones ENABLE ALWAYS TRIGGER tombstones_never_change;

-- From when to when nothing was granted; the last entry counts.
CREATE TABLE curfew.freezes (
  number bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  frozen boolean          NOT NULL,
  at     text COLLATE "C" NOT NULL DEFAULT curfew.stamp(clock_timestamp()),
  actor  text COLLATE "C" NOT NULL,
  said   text COLLATE "C" NOT NULL
);

CREATE TRIGGER freezes_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON curfew.freezes
  FOR EACH STATEMENT EXECUTE FUNCTION curfew.never_change();
ALTER TABLE curfew.freezes ENABLE ALWAYS TRIGGER freezes_never_change;

-- Whose leases hold a grant up, so that those of a request that has ended are found.
ALTER TABLE curfew.holdings ADD COLUMN requests text[] COLLATE "C" NOT NULL DEFAULT '{}';

UPDATE curfew.holdings SET requests = ARRAY(
  SELECT replace(lease ->> 'request', '\', '\\')
    FROM json_array_elements(CASE json_typeof(leases) WHEN 'array' THEN leases ELSE '[]' END) AS lease);

CREATE INDEX holdings_by_request ON curfew.holdings USING gin (requests) WHERE open;
