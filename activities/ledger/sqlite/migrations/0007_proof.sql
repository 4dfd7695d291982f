-- What is known of an access at its target beyond its name, as JSON, and how it is seen to be gone.
ALTER TABLE holdings ADD COLUMN proof TEXT NOT NULL DEFAULT '{}';
ALTER TABLE holdings ADD COLUMN read_back TEXT NOT NULL DEFAULT '';
