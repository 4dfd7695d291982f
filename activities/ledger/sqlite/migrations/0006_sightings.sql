-- What the provider said of people when they last signed in; the groups are JSON.
CREATE TABLE sightings (
  person TEXT NOT NULL PRIMARY KEY,
  groups TEXT NOT NULL,
  at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
