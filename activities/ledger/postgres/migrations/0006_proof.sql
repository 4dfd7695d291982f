-- +goose Up

-- What is known of an access at its target beyond its name.
ALTER TABLE curfew.holdings ADD COLUMN proof json NOT NULL DEFAULT '{}';
