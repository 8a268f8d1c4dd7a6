-- Moving in: organizations, people and keys of a host, portal sessions, accounts, sign-in by others, and who did what.
ALTER TABLE organizations ADD COLUMN external_id TEXT;
ALTER TABLE organizations ADD COLUMN status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed'));
ALTER TABLE organizations ADD COLUMN status_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN locale TEXT;
ALTER TABLE organizations ADD COLUMN plan TEXT;
-- JSON: what is not in it is the operator's setting.
ALTER TABLE organizations ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
ALTER TABLE organizations ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX organizations_external ON organizations (external_id);
CREATE INDEX organizations_order ON organizations (created_at, id);

-- Only 'account' has a password and signs in by its e-mail; the others' email_key is 'external:' or 'oidc:' and their id.
ALTER TABLE users ADD COLUMN external_id TEXT;
ALTER TABLE users ADD COLUMN source TEXT NOT NULL DEFAULT 'account' CHECK (source IN ('account', 'platform', 'oidc'));
ALTER TABLE users ADD COLUMN locale TEXT;
ALTER TABLE users ADD COLUMN locked_at BIGINT;
ALTER TABLE users ADD COLUMN last_organization_id TEXT;
CREATE UNIQUE INDEX users_external ON users (external_id);

ALTER TABLE members ADD COLUMN source TEXT NOT NULL DEFAULT 'account' CHECK (source IN ('account', 'platform', 'oidc'));

-- One more with whatever ends or changes somebody's access: open streams read it with the wallet, each second.
ALTER TABLE wallets ADD COLUMN access_version BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'password' CHECK (kind IN ('password', 'oidc', 'portal'));
ALTER TABLE sessions ADD COLUMN idle_seconds BIGINT NOT NULL DEFAULT 43200;
ALTER TABLE sessions ADD COLUMN portal_session_id TEXT;
ALTER TABLE sessions ADD COLUMN can TEXT;
ALTER TABLE sessions ADD COLUMN oidc_provider TEXT;
ALTER TABLE sessions ADD COLUMN oidc_subject TEXT;
ALTER TABLE sessions ADD COLUMN oidc_sid TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_member ON sessions (organization_id, user_id);
CREATE INDEX sessions_portal ON sessions (portal_session_id) WHERE portal_session_id IS NOT NULL;
CREATE INDEX sessions_oidc ON sessions (oidc_provider, oidc_sid) WHERE oidc_sid IS NOT NULL;

-- Sessions that somebody ended: their page is told so and does not ask the host for another one.
CREATE TABLE ended_sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL
) /*WITHOUT ROWID*/;
CREATE INDEX ended_sessions_age ON ended_sessions (ended_at);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    organization_id TEXT REFERENCES organizations (id),
    secret_hash TEXT NOT NULL,
    last4 TEXT NOT NULL,
    old_secret_hash TEXT,
    old_valid_until BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);

-- The right to one session of one person: a code that buys it once. Only the code's SHA-256 is here.
CREATE TABLE portal_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    code_hash TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    can TEXT,
    view TEXT NOT NULL,
    locale TEXT,
    theme TEXT,
    return_url TEXT,
    embed_origin TEXT,
    tag TEXT,
    session_seconds BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    code_expires_at BIGINT NOT NULL,
    exchanged_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX portal_sessions_member ON portal_sessions (organization_id, user_id);
CREATE INDEX portal_sessions_age ON portal_sessions (created_at);

-- Links that were sent or printed: each is used once; only the SHA-256 of what stands behind # is here.
CREATE TABLE user_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('first_run', 'set_password', 'reset_password', 'new_email')),
    user_id TEXT REFERENCES users (id),
    detail TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX user_tokens_expiry ON user_tokens (expires_at);

CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    token_hash TEXT NOT NULL UNIQUE,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email_key) WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- The second factor. The secret is sealed with a key that is not in the database.
CREATE TABLE second_factors (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    secret TEXT NOT NULL,
    recovery TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at BIGINT
);

-- Credit that ends: what of it is left then is taken back by the line `expired_seq`.
CREATE TABLE credit_expiries (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    seq BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    expires_at BIGINT NOT NULL,
    expired_seq BIGINT,
    settled_at BIGINT,
    PRIMARY KEY (organization_id, seq)
);
CREATE INDEX credit_expiries_due ON credit_expiries (expires_at) WHERE settled_at IS NULL;

CREATE TABLE oidc_logins (
    state_hash TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    cookie_hash TEXT NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    return_path TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE oidc_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
-- jti of host-signed codes and of logout tokens: each counts once.
CREATE TABLE used_tokens (
    issuer TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, jti)
);

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
    hash TEXT NOT NULL,
    PRIMARY KEY (organization_id, seq)
) /*WITHOUT ROWID*/;
CREATE INDEX audit_at ON audit (at);
CREATE TABLE audit_heads (
    organization_id TEXT NOT NULL PRIMARY KEY,
    last_seq BIGINT NOT NULL,
    last_hash TEXT NOT NULL
);
-- A request names its person; that one may leave (each database changes a reference in its own way).
