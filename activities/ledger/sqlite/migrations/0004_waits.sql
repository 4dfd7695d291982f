-- Which requests wait for a review.
ALTER TABLE requests ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
UPDATE requests SET waits = 1 WHERE state = 'pending' OR json_extract(status, '$.extension') IS NOT NULL;

CREATE INDEX requests_waiting ON requests (id) WHERE waits = 1;
