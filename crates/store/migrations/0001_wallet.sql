-- Both databases. Amounts are micro-units, times micro-seconds since 1970 (UTC), days count from 1970-01-01.
-- /*WITHOUT ROWID*/ is taken at its word on SQLite only.

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
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id)
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE wallets (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES organizations (id),
    currency TEXT NOT NULL,
    balance BIGINT NOT NULL,
    -- SQLite turns a sum that overflows into a floating-point number: the upper bound refuses it.
    held BIGINT NOT NULL CHECK (held BETWEEN 0 AND 9223372036854775807),
    last_seq BIGINT NOT NULL CHECK (last_seq >= 0),
    last_hash TEXT NOT NULL,
    exhausted_since BIGINT
);

CREATE TABLE ledger (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    seq BIGINT NOT NULL CHECK (seq > 0),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('usage', 'top_up', 'refund', 'dispute', 'promo', 'adjustment')),
    contra TEXT NOT NULL,
    amount BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    currency TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    description TEXT NOT NULL,
    source TEXT NOT NULL,
    quantity TEXT,
    unit TEXT,
    unit_price TEXT,
    reference TEXT NOT NULL,
    corrects BIGINT,
    details TEXT NOT NULL,
    hash TEXT NOT NULL,
    -- Description, source and reference in lower case: SQLite's LIKE folds ASCII only.
    search TEXT NOT NULL,
    PRIMARY KEY (organization_id, seq)
) /*WITHOUT ROWID*/;
CREATE UNIQUE INDEX ledger_reference ON ledger (organization_id, origin, reference);
CREATE INDEX ledger_kind ON ledger (organization_id, kind, seq);
CREATE INDEX ledger_occurred ON ledger (organization_id, occurred_at);

CREATE TABLE usage_days (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    day BIGINT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount BETWEEN -9223372036854775807 AND 9223372036854775807),
    lines BIGINT NOT NULL,
    PRIMARY KEY (organization_id, day, kind, source)
) /*WITHOUT ROWID*/;

CREATE TABLE holds (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'captured', 'released', 'expired')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX holds_open ON holds (organization_id, expires_at) WHERE state = 'open';
CREATE INDEX holds_expiry ON holds (expires_at) WHERE state = 'open';

CREATE TABLE cards (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL,
    exp_month BIGINT NOT NULL,
    exp_year BIGINT NOT NULL,
    fingerprint TEXT,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX cards_reference ON cards (organization_id, provider, provider_ref) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX cards_default ON cards (organization_id) WHERE is_default = 1 AND removed_at IS NULL;

CREATE TABLE card_setups (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    user_id TEXT,
    provider TEXT NOT NULL,
    provider_ref TEXT,
    request TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'action_required', 'succeeded', 'failed')),
    decline_code TEXT,
    next_action TEXT,
    card_id TEXT REFERENCES cards (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX card_setups_open ON card_setups (updated_at) WHERE status IN ('pending', 'action_required');

CREATE TABLE top_ups (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    kind TEXT NOT NULL CHECK (kind IN ('manual', 'auto')),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('created', 'processing', 'action_required', 'succeeded', 'declined', 'expired', 'unknown')),
    card_id TEXT NOT NULL REFERENCES cards (id),
    card_brand TEXT NOT NULL,
    card_last4 TEXT NOT NULL,
    card_ref TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_ref TEXT,
    attempt BIGINT NOT NULL,
    decline_code TEXT,
    next_action TEXT,
    requested_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    settled_at BIGINT,
    next_check_at BIGINT,
    checks BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    CHECK ((status = 'succeeded') = (settled_at IS NOT NULL))
);
CREATE INDEX top_ups_organization ON top_ups (organization_id, created_at);
CREATE INDEX top_ups_due ON top_ups (next_check_at)
    WHERE status IN ('created', 'processing', 'action_required', 'unknown');
-- At most one open automatic charge per organisation: an index, not a hope.
CREATE UNIQUE INDEX top_ups_one_open_auto ON top_ups (organization_id)
    WHERE kind = 'auto' AND status IN ('created', 'processing', 'action_required', 'unknown');

CREATE TABLE idempotency_keys (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE auto_pay (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES wallets (organization_id),
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    threshold BIGINT,
    refill_kind TEXT CHECK (refill_kind IN ('fixed', 'target')),
    refill_amount BIGINT,
    monthly_cap BIGINT,
    card_id TEXT REFERENCES cards (id),
    consent TEXT,
    version BIGINT NOT NULL,
    updated_by TEXT,
    updated_at BIGINT NOT NULL,
    paused_reason TEXT,
    decline_code TEXT,
    failures BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    first_attempt_at BIGINT,
    next_attempt_at BIGINT,
    last_charge_at BIGINT,
    CHECK ((threshold IS NULL) = (refill_kind IS NULL)
        AND (threshold IS NULL) = (refill_amount IS NULL)
        AND (threshold IS NULL) = (monthly_cap IS NULL)),
    CHECK (enabled = 0 OR threshold IS NOT NULL)
);

CREATE TABLE requests (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    amount BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined')),
    answer TEXT,
    decided_by TEXT,
    top_up_id TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id)
);
CREATE INDEX requests_organization ON requests (organization_id, created_at);

CREATE TABLE sandbox_records (
    drawer TEXT NOT NULL,
    key TEXT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (drawer, key)
);
CREATE INDEX sandbox_records_order ON sandbox_records (drawer, position);
