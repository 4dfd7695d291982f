-- +goose Up

-- What the directory has lost, and since when. A row goes when it is back.
CREATE TABLE curfew.absences (
  absent text COLLATE "C" PRIMARY KEY,
  since  text COLLATE "C" NOT NULL DEFAULT curfew.stamp(clock_timestamp())
);

-- Which versions of the directory somebody has confirmed, so that much access may end by them.
CREATE TABLE curfew.confirmations (
  digest text COLLATE "C" PRIMARY KEY,
  at     text COLLATE "C" NOT NULL DEFAULT curfew.stamp(clock_timestamp()),
  actor  text COLLATE "C" NOT NULL
);

CREATE TRIGGER confirmations_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON curfew.confirmations
  FOR EACH STATEMENT EXECUTE FUNCTION curfew.never_change();
ALTER TABLE curfew.confirmations ENABLE ALWAYS TRIGGER confirmations_never_change;
