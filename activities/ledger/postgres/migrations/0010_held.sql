-- +goose Up

-- Until when each request gave access: empty when it never did, and ~, which comes after all times, while it may.
ALTER TABLE curfew.requests ADD COLUMN held text COLLATE "C" NOT NULL DEFAULT '';
UPDATE curfew.requests SET held = coalesce(status ->> 'endedAt', '~') WHERE status ->> 'grantedAt' IS NOT NULL;
