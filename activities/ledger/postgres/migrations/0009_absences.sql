-- +goose Up

-- What the directory has lost, since when, and which process has seen so last. Processes whose files differ for a while
-- do not make one another count anew.
DROP TABLE curfew.absences;
CREATE TABLE curfew.absences (
  absent   text COLLATE "C" NOT NULL,
  observer text COLLATE "C" NOT NULL,
  since    text COLLATE "C" NOT NULL,
  seen     timestamptz NOT NULL,
  PRIMARY KEY (absent, observer)
);
