-- Both databases. Amounts are micro-units, times micro-seconds since 1970 (UTC), days count from 1970-01-01.
-- `/*WITHOUT ROWID*/` and whatever stands between `/*ONLY SQLITE` and `ONLY SQLITE*/` is taken at its word on SQLite only;
-- BYTEA is BLOB there.
-- Every key holds the organization or its wallet, so that organizations can be spread over databases later; what belongs to
-- the installation is listed in tests/suite/migrations.rs. See docs/decisions/0101-keys-hold-the-organization.md.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    held_until BIGINT NOT NULL
);

CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    made_by_demo BIGINT NOT NULL CHECK (made_by_demo IN (0, 1)),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The host's own id.
    external_id TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
    status_reason TEXT NOT NULL DEFAULT '',
    locale TEXT,
    plan TEXT,
    -- JSON: what is not in it is the operator's setting.
    policy TEXT NOT NULL DEFAULT '{}',
    metadata TEXT NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX organizations_external ON organizations (external_id);
CREATE INDEX organizations_order ON organizations (created_at, id);

-- Only 'account' has a password and signs in by its e-mail; the others' email_key is 'external:' or 'oidc:' and their id.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    external_id TEXT,
    source TEXT NOT NULL DEFAULT 'account' CHECK (source IN ('account', 'platform', 'oidc')),
    locale TEXT,
    locked_at BIGINT,
    last_organization_id TEXT
);
CREATE UNIQUE INDEX users_external ON users (external_id);

CREATE TABLE members (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    joined_at BIGINT NOT NULL,
    source TEXT NOT NULL DEFAULT 'account' CHECK (source IN ('account', 'platform', 'oidc')),
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX members_user ON members (user_id);
