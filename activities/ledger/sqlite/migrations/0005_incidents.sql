-- The incident that a request is for, so that those of one incident are found.
ALTER TABLE requests ADD COLUMN incident TEXT NOT NULL DEFAULT '';

UPDATE requests SET incident = coalesce(status ->> 'incident', '');

CREATE INDEX requests_by_incident ON requests (incident, id);
