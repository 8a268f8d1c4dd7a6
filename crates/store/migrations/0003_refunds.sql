-- Money of a top-up on its way back to its card. Its ledger line is posted with it; if it fails, another one takes it back.
CREATE TABLE refunds (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    top_up_id TEXT NOT NULL REFERENCES top_ups (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'processing', 'succeeded', 'failed', 'unknown')),
    reason TEXT NOT NULL,
    provider_ref TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    settled_at BIGINT,
    next_check_at BIGINT,
    checks BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    CHECK ((status = 'succeeded') = (settled_at IS NOT NULL))
);
CREATE INDEX refunds_top_up ON refunds (top_up_id);
CREATE INDEX refunds_due ON refunds (next_check_at) WHERE status IN ('created', 'processing', 'unknown');
