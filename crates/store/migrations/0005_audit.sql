-- Who did what; organization_id '' is the installation itself. One chain each.
CREATE TABLE audit (
    organization_id TEXT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'key', 'system')),
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    session TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    before_text TEXT NOT NULL,
    after_text TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (organization_id, seq)
) /*WITHOUT ROWID*/;
CREATE INDEX audit_at ON audit (at);

CREATE TABLE audit_heads (
    organization_id TEXT NOT NULL PRIMARY KEY,
    last_seq BIGINT NOT NULL,
    last_hash BYTEA NOT NULL
);
