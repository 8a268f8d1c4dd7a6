-- When the person behind a session last proved that it is them.
ALTER TABLE sessions ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;
-- Notices have three more kinds; each database changes a CHECK in its own way.
