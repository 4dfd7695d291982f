-- +goose Up

-- Which requests wait for a review.
ALTER TABLE curfew.requests ADD COLUMN waits boolean NOT NULL DEFAULT false;
UPDATE curfew.requests SET waits = true WHERE state = 'pending' OR status -> 'extension' IS NOT NULL;

CREATE INDEX requests_waiting ON curfew.requests (id) WHERE waits;
