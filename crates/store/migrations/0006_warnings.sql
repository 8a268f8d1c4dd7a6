-- The card's bank warned that a payment may have been fraud; each warning is acted on once.
CREATE TABLE fraud_warnings (
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    top_up_id TEXT NOT NULL REFERENCES top_ups (id),
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider, provider_ref)
);
-- Notices have two more kinds; each database changes a CHECK in its own way.
-- An event of the provider's names a card without its organisation.
CREATE INDEX cards_by_reference ON cards (provider, provider_ref);
