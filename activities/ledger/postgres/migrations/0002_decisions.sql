-- +goose Up

-- How much of their time requests have used up.
ALTER TABLE curfew.holdings ADD COLUMN uses json NOT NULL DEFAULT 'null';

-- What the policy has decided, with all that it was made of, in the order in which it was decided.
CREATE TABLE curfew.decisions (
  number        bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request       text COLLATE "C" NOT NULL,
  about         text COLLATE "C" NOT NULL,
  at            text COLLATE "C" NOT NULL,
  ruling        text COLLATE "C" NOT NULL,
  why           text COLLATE "C" NOT NULL,
  until         text COLLATE "C" NOT NULL,
  policy_digest text COLLATE "C" NOT NULL,
  explanation   json             NOT NULL
);

CREATE INDEX decisions_by_request ON curfew.decisions (request, number);

CREATE TRIGGER decisions_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON curfew.decisions
  FOR EACH STATEMENT EXECUTE FUNCTION curfew.never_change();
ALTER TABLE curfew.decisions ENABLE ALWAYS TRIGGER decisions_never_change;
