-- What the directory has lost, since when, and which process has seen so last. Processes whose files differ for a while
-- do not make one another count anew.
DROP TABLE absences;
CREATE TABLE absences (
  absent   TEXT NOT NULL,
  observer TEXT NOT NULL,
  since    TEXT NOT NULL,
  seen     TEXT NOT NULL,
  PRIMARY KEY (absent, observer)
) STRICT, WITHOUT ROWID;
