CREATE TABLE requests_new (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    amount BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined')),
    answer TEXT,
    decided_by TEXT,
    top_up_id TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
INSERT INTO requests_new (id, organization_id, user_id, amount, reason, state, answer, decided_by, top_up_id, created_at, decided_at)
    SELECT id, organization_id, user_id, amount, reason, state, answer, decided_by, top_up_id, created_at, decided_at FROM requests;
DROP TABLE requests;
ALTER TABLE requests_new RENAME TO requests;
CREATE INDEX requests_organization ON requests (organization_id, created_at);
CREATE INDEX requests_top_up ON requests (top_up_id) WHERE top_up_id IS NOT NULL;
CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
