-- What a payment provider of its own house needs: customers there, events that were heard, money that was taken back.

-- `account`: one account of the provider in one mode; a customer means nothing to any other.
CREATE TABLE provider_customers (
    account TEXT NOT NULL,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    customer_ref TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, organization_id)
);

-- Events whose effect is in the database.
CREATE TABLE provider_events (
    provider TEXT NOT NULL,
    id TEXT NOT NULL,
    handled_at BIGINT NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE INDEX provider_events_age ON provider_events (handled_at);

CREATE TABLE disputes (
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    top_up_id TEXT NOT NULL REFERENCES top_ups (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('noted', 'withdrawn', 'returned')),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (provider, provider_ref)
);
CREATE INDEX disputes_top_up ON disputes (top_up_id);
