-- Until when each request gave access: empty when it never did, and ~, which comes after all times, while it may.
ALTER TABLE requests ADD COLUMN held TEXT NOT NULL DEFAULT '';
UPDATE requests SET held = coalesce(json_extract(status, '$.endedAt'), '~') WHERE json_extract(status, '$.grantedAt') IS NOT NULL;
