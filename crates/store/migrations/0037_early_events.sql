-- Refunds and disputes of payments that are not in the ledger yet: kept until the payment is credited.
CREATE TABLE early_events (
    provider TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'dispute')),
    provider_ref TEXT NOT NULL,
    top_up_id TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (provider, kind, provider_ref)
);
CREATE INDEX early_events_top_up ON early_events (top_up_id);
