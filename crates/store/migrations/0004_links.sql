-- Hand-over links. Of the token only its hash is here: whoever reads the database can use no link.
CREATE TABLE payment_links (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    token_hash TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL CHECK (purpose IN ('connect', 'pay', 'pay_and_connect')),
    amount BIGINT CHECK (amount > 0),
    currency TEXT NOT NULL,
    threshold BIGINT,
    refill_kind TEXT CHECK (refill_kind IN ('fixed', 'target')),
    refill_amount BIGINT,
    monthly_cap BIGINT,
    note TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    opened_at BIGINT,
    completed_at BIGINT,
    revoked_at BIGINT,
    tries BIGINT NOT NULL CHECK (tries >= 0),
    declines BIGINT NOT NULL CHECK (declines >= 0),
    card_id TEXT REFERENCES cards (id),
    top_up_id TEXT REFERENCES top_ups (id),
    CHECK ((purpose = 'connect') = (amount IS NULL)),
    CHECK ((threshold IS NULL) = (refill_kind IS NULL)
        AND (threshold IS NULL) = (refill_amount IS NULL)
        AND (threshold IS NULL) = (monthly_cap IS NULL)),
    CHECK (threshold IS NULL OR purpose <> 'pay')
);
CREATE INDEX payment_links_organization ON payment_links (organization_id, created_at);

-- An attempt to use a link is a set-up of a card, and with money the top-up that follows it.
ALTER TABLE card_setups ADD COLUMN link_id TEXT REFERENCES payment_links (id);
ALTER TABLE top_ups ADD COLUMN link_id TEXT REFERENCES payment_links (id);
-- Two people with one link: one attempt at a time.
CREATE UNIQUE INDEX card_setups_one_open_link ON card_setups (link_id)
    WHERE link_id IS NOT NULL AND status IN ('pending', 'action_required');
CREATE UNIQUE INDEX top_ups_one_open_link ON top_ups (link_id)
    WHERE link_id IS NOT NULL AND status IN ('created', 'processing', 'action_required', 'unknown');
