-- SQLite changes no CHECK: both tables are made anew, since one refers to the other.
CREATE TABLE notices_new (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN
        ('low_balance', 'payment_declined', 'automatic_payments_paused', 'card_added', 'fraud_warning',
        'automatic_payments_changed', 'role_changed', 'payment_link_created')),
    facts TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
INSERT INTO notices_new (id, organization_id, kind, facts, created_at)
    SELECT id, organization_id, kind, facts, created_at FROM notices;
CREATE TABLE deliveries_new (
    notice_id TEXT NOT NULL REFERENCES notices_new (id),
    channel TEXT NOT NULL CHECK (channel IN ('email', 'webhook')),
    recipient TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'kept', 'dead')),
    tries BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    last_error TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (notice_id, channel, recipient)
);
INSERT INTO deliveries_new (notice_id, channel, recipient, state, tries, next_try_at, lease_owner, lease_until,
        last_error, updated_at)
    SELECT notice_id, channel, recipient, state, tries, next_try_at, lease_owner, lease_until, last_error, updated_at
    FROM deliveries;
DROP TABLE deliveries;
DROP TABLE notices;
ALTER TABLE notices_new RENAME TO notices;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX notices_organization ON notices (organization_id, created_at);
CREATE INDEX deliveries_due ON deliveries (next_try_at) WHERE state = 'pending';
CREATE INDEX deliveries_dead ON deliveries (updated_at) WHERE state = 'dead';
