-- What people and the operator are told. Written in the transaction of what it tells; delivered afterwards.
CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    kind TEXT NOT NULL CHECK (kind IN ('low_balance', 'payment_declined', 'automatic_payments_paused')),
    facts TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX notices_organization ON notices (organization_id, created_at);

-- One for each person and one for the operator's webhook.
CREATE TABLE deliveries (
    notice_id TEXT NOT NULL REFERENCES notices (id),
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
CREATE INDEX deliveries_due ON deliveries (next_try_at) WHERE state = 'pending';
CREATE INDEX deliveries_dead ON deliveries (updated_at) WHERE state = 'dead';

-- A wallet that is at or below its low mark. Without a row it never was.
CREATE TABLE low_balances (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES wallets (organization_id),
    is_low BIGINT NOT NULL CHECK (is_low IN (0, 1)),
    told_at BIGINT
);
