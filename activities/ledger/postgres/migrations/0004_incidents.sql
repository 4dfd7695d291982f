-- +goose Up

-- The incident that a request is for, so that those of one incident are found.
ALTER TABLE curfew.requests ADD COLUMN incident text COLLATE "C" NOT NULL DEFAULT '';

UPDATE curfew.requests SET incident = replace(coalesce(status ->> 'incident', ''), '\', '\\');

CREATE INDEX requests_by_incident ON curfew.requests (incident, id);
