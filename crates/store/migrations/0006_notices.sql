-- What people and the operator are notified of. Written in the transaction of its cause; delivered afterwards.
CREATE TABLE notices (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('low_balance', 'payment_declined', 'automatic_payments_paused', 'card_added', 'fraud_warning',
        'automatic_payments_changed', 'role_changed', 'payment_link_created')),
    facts TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX notices_organization ON notices (organization_id, created_at);

-- One for each person and one for the operator's webhook.
CREATE TABLE deliveries (
    organization_id TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'webhook')),
    recipient TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'kept', 'dead')),
    tries BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    last_error TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, notice_id, channel, recipient),
    FOREIGN KEY (organization_id, notice_id) REFERENCES notices (organization_id, id)
);
CREATE INDEX deliveries_due ON deliveries (next_try_at) WHERE state = 'pending';
CREATE INDEX deliveries_dead ON deliveries (updated_at) WHERE state = 'dead';
