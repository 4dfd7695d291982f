-- +goose Up

-- What the provider said of people when they last signed in.
CREATE TABLE curfew.sightings (
  person text COLLATE "C" NOT NULL PRIMARY KEY,
  groups json             NOT NULL,
  at     text COLLATE "C" NOT NULL
);
