-- Cards, charges, links to pay by, automatic payments, and what the provider says of all that.

CREATE TABLE cards (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    brand TEXT NOT NULL,
    last4 TEXT NOT NULL,
    exp_month BIGINT NOT NULL,
    exp_year BIGINT NOT NULL,
    fingerprint TEXT,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX cards_reference ON cards (organization_id, provider, provider_ref) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX cards_default ON cards (organization_id) WHERE is_default = 1 AND removed_at IS NULL;
-- An event of the provider's names a card without its organization.
CREATE INDEX cards_by_reference ON cards (provider, provider_ref);
-- Changed by its id, once it was found for its organization.
CREATE INDEX cards_id ON cards (id);

-- Of the token only its hash is here: whoever reads the database can use no link.
CREATE TABLE payment_links (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
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
    -- A link that was seen expired stays so, whatever the clock says later.
    expired_at BIGINT,
    tries BIGINT NOT NULL CHECK (tries >= 0),
    declines BIGINT NOT NULL CHECK (declines >= 0),
    card_id TEXT,
    top_up_id TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, card_id) REFERENCES cards (organization_id, id),
    -- top_ups refers to this table as well: PostgreSQL adds this one afterwards.
    /*ONLY SQLITE FOREIGN KEY (organization_id, top_up_id) REFERENCES top_ups (organization_id, id), ONLY SQLITE*/
    CHECK ((purpose = 'connect') = (amount IS NULL)),
    CHECK ((threshold IS NULL) = (refill_kind IS NULL)
        AND (threshold IS NULL) = (refill_amount IS NULL)
        AND (threshold IS NULL) = (monthly_cap IS NULL)),
    CHECK (threshold IS NULL OR purpose <> 'pay')
);
CREATE INDEX payment_links_organization ON payment_links (organization_id, created_at);
-- Whoever has a token names no organization.
CREATE INDEX payment_links_id ON payment_links (id);
CREATE UNIQUE INDEX payment_links_token ON payment_links (token_hash, organization_id);
CREATE INDEX payment_links_unexpired ON payment_links (expires_at)
    WHERE expired_at IS NULL AND completed_at IS NULL AND revoked_at IS NULL;

CREATE TABLE card_setups (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    user_id TEXT,
    provider TEXT NOT NULL,
    provider_ref TEXT,
    request TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'action_required', 'succeeded', 'failed')),
    decline_code TEXT,
    next_action TEXT,
    card_id TEXT,
    -- An attempt to use a link is a set-up of a card, and with money the top-up that follows it.
    link_id TEXT,
    -- What the payer of a link saw that the card is charged at once; empty: nothing. No more than that is charged.
    charge BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, card_id) REFERENCES cards (organization_id, id),
    FOREIGN KEY (organization_id, link_id) REFERENCES payment_links (organization_id, id)
);
-- The provider names a set-up without its organization.
CREATE INDEX card_setups_id ON card_setups (id);
CREATE INDEX card_setups_open ON card_setups (updated_at) WHERE status IN ('pending', 'action_required');
-- Two people with one link: one attempt at a time.
CREATE UNIQUE INDEX card_setups_one_open_link ON card_setups (organization_id, link_id)
    WHERE link_id IS NOT NULL AND status IN ('pending', 'action_required');

CREATE TABLE top_ups (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('manual', 'auto')),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('created', 'processing', 'action_required', 'succeeded', 'declined', 'expired', 'unknown')),
    card_id TEXT NOT NULL,
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
    link_id TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, card_id) REFERENCES cards (organization_id, id),
    FOREIGN KEY (organization_id, link_id) REFERENCES payment_links (organization_id, id),
    CHECK ((status = 'succeeded') = (settled_at IS NOT NULL))
);
-- The provider names a charge by our id alone.
CREATE INDEX top_ups_id ON top_ups (id);
CREATE INDEX top_ups_organization ON top_ups (organization_id, created_at);
CREATE INDEX top_ups_due ON top_ups (next_check_at)
    WHERE status IN ('created', 'processing', 'action_required', 'unknown');
-- At most one open automatic charge per organization: an index, not a hope.
CREATE UNIQUE INDEX top_ups_one_open_auto ON top_ups (organization_id)
    WHERE kind = 'auto' AND status IN ('created', 'processing', 'action_required', 'unknown');
CREATE UNIQUE INDEX top_ups_one_open_link ON top_ups (organization_id, link_id)
    WHERE link_id IS NOT NULL AND status IN ('created', 'processing', 'action_required', 'unknown');

-- Keys of requests that move money are kept for ever; the others are forgotten after a while.
CREATE TABLE idempotency_keys (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    moves_money BIGINT NOT NULL DEFAULT 0 CHECK (moves_money IN (0, 1)),
    PRIMARY KEY (organization_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at) WHERE moves_money = 0;

CREATE TABLE auto_pay (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES wallets (organization_id),
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    threshold BIGINT,
    refill_kind TEXT CHECK (refill_kind IN ('fixed', 'target')),
    refill_amount BIGINT,
    monthly_cap BIGINT,
    card_id TEXT,
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
    -- Money went out of the wallet that nobody used: it was given back, taken back or corrected. Automatic payments wait
    -- from then on, until a person resumes them or usage crosses the threshold again; then this is empty.
    reversed_at BIGINT,
    FOREIGN KEY (organization_id, card_id) REFERENCES cards (organization_id, id),
    CHECK ((threshold IS NULL) = (refill_kind IS NULL)
        AND (threshold IS NULL) = (refill_amount IS NULL)
        AND (threshold IS NULL) = (monthly_cap IS NULL)),
    CHECK (enabled = 0 OR threshold IS NOT NULL)
);

-- A request names its person; that one may leave the organization.
CREATE TABLE requests (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    amount BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined')),
    answer TEXT,
    decided_by TEXT,
    top_up_id TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX requests_organization ON requests (organization_id, created_at);
-- A payment looks for the request that it answers.
CREATE INDEX requests_top_up ON requests (organization_id, top_up_id) WHERE top_up_id IS NOT NULL;

-- Money of a top-up on its way back to its card. Its ledger line is posted with it; if it fails, another one takes it back.
CREATE TABLE refunds (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    id TEXT NOT NULL,
    top_up_id TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('created', 'processing', 'succeeded', 'failed', 'unknown')),
    reason TEXT NOT NULL,
    -- Who began it: one that somebody made at the provider is only asked about there, never made again.
    made_by TEXT NOT NULL DEFAULT 'operator' CHECK (made_by IN ('operator', 'provider')),
    provider_ref TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    settled_at BIGINT,
    next_check_at BIGINT,
    checks BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, top_up_id) REFERENCES top_ups (organization_id, id),
    CHECK ((status = 'succeeded') = (settled_at IS NOT NULL))
);
CREATE INDEX refunds_id ON refunds (id);
CREATE INDEX refunds_top_up ON refunds (organization_id, top_up_id);
CREATE INDEX refunds_due ON refunds (next_check_at) WHERE status IN ('created', 'processing', 'unknown');
CREATE UNIQUE INDEX refunds_external ON refunds (organization_id, top_up_id, provider_ref) WHERE made_by = 'provider';

CREATE TABLE disputes (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    top_up_id TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('noted', 'withdrawn', 'returned')),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, provider, provider_ref),
    FOREIGN KEY (organization_id, top_up_id) REFERENCES top_ups (organization_id, id)
);
CREATE INDEX disputes_reference ON disputes (provider, provider_ref);
CREATE INDEX disputes_top_up ON disputes (organization_id, top_up_id);

-- The card's bank warned that a payment may have been fraud; each warning is acted on once.
CREATE TABLE fraud_warnings (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    top_up_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, provider, provider_ref),
    FOREIGN KEY (organization_id, top_up_id) REFERENCES top_ups (organization_id, id)
);

-- `account`: one account of the provider in one mode; a customer means nothing to any other.
CREATE TABLE provider_customers (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    account TEXT NOT NULL,
    customer_ref TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, account)
);

-- Events whose effect is in the database.
CREATE TABLE provider_events (
    provider TEXT NOT NULL,
    id TEXT NOT NULL,
    handled_at BIGINT NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE INDEX provider_events_age ON provider_events (handled_at);

-- Refunds and disputes of payments that are not in the ledger yet, and so of nobody: kept until the payment is credited.
CREATE TABLE early_events (
    provider TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'dispute')),
    provider_ref TEXT NOT NULL,
    top_up_id TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (provider, kind, provider_ref)
);
CREATE INDEX early_events_top_up ON early_events (top_up_id);

-- Payments that the provider has received under our own mark and that this database did not know: it was restored from a
-- backup. `organization_id` is what the marks say, and need not be here.
CREATE TABLE unknown_payments (
    provider TEXT NOT NULL,
    provider_ref TEXT NOT NULL,
    top_up_id TEXT NOT NULL,
    organization_id TEXT,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    paid_at BIGINT NOT NULL,
    noted_at BIGINT NOT NULL,
    credited_at BIGINT,
    reason TEXT,
    PRIMARY KEY (provider, provider_ref),
    CHECK ((credited_at IS NULL) = (reason IS NOT NULL))
);
CREATE INDEX unknown_payments_uncredited ON unknown_payments (noted_at) WHERE credited_at IS NULL;

-- Papers that were issued: what each says of buyer, seller and zone is never changed again.
CREATE TABLE papers (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'statement')),
    -- The id of a receipt's top-up; a statement's month.
    subject TEXT NOT NULL,
    seller TEXT NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    issued_at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (organization_id, kind, subject)
) /*WITHOUT ROWID*/;
-- A seller numbers the papers of all its buyers in one series.
CREATE UNIQUE INDEX papers_number ON papers (seller, kind, number);

-- The last number of each seller, raised in the transaction that writes the paper: no number is given twice or left out.
CREATE TABLE paper_series (
    seller TEXT NOT NULL,
    kind TEXT NOT NULL,
    last BIGINT NOT NULL CHECK (last > 0),
    PRIMARY KEY (seller, kind)
) /*WITHOUT ROWID*/;

-- The sandbox bank's own records.
CREATE TABLE sandbox_records (
    drawer TEXT NOT NULL,
    key TEXT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (drawer, key)
);
CREATE INDEX sandbox_records_order ON sandbox_records (drawer, position);
