-- Who may come in: sessions, keys, codes, links to accounts, second factors, sign-in by other providers.

CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    -- When the person last proved that it is them.
    confirmed_at BIGINT NOT NULL DEFAULT 0,
    kind TEXT NOT NULL DEFAULT 'password' CHECK (kind IN ('password', 'oidc', 'portal')),
    idle_seconds BIGINT NOT NULL DEFAULT 43200,
    portal_session_id TEXT,
    can TEXT,
    oidc_provider TEXT,
    oidc_subject TEXT,
    oidc_sid TEXT,
    address TEXT NOT NULL DEFAULT '',
    browser TEXT NOT NULL DEFAULT '',
    FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id)
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
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
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    code_hash TEXT NOT NULL,
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
    ended_at BIGINT,
    PRIMARY KEY (organization_id, id)
);
-- A host names its portal session, and a page its code, without the organization.
CREATE INDEX portal_sessions_id ON portal_sessions (id);
CREATE UNIQUE INDEX portal_sessions_code ON portal_sessions (code_hash, organization_id);
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
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    token_hash TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX invitations_id ON invitations (id);
CREATE UNIQUE INDEX invitations_token ON invitations (token_hash, organization_id);
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email_key)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

-- The second factor. The secret is sealed with a key that is not in the database.
CREATE TABLE second_factors (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    secret TEXT NOT NULL,
    recovery TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at BIGINT
);

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
