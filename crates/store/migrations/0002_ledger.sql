-- A wallet, its ledger, and the sums that every posting keeps in step.

-- `wallet_id` is known to this database alone: the rows of a wallet carry it instead of the organization's id.
CREATE TABLE wallets (
    wallet_id INTEGER NOT NULL PRIMARY KEY /*IDENTITY*/,
    organization_id TEXT NOT NULL UNIQUE REFERENCES organizations (id),
    currency TEXT NOT NULL,
    balance BIGINT NOT NULL,
    -- SQLite turns a sum that overflows into a floating-point number: the upper bound refuses it.
    held BIGINT NOT NULL CHECK (held BETWEEN 0 AND 9223372036854775807),
    last_seq BIGINT NOT NULL CHECK (last_seq >= 0),
    last_hash BYTEA NOT NULL,
    exhausted_since BIGINT,
    -- One more with whatever ends or changes somebody's access: open streams read it with the wallet.
    access_version BIGINT NOT NULL DEFAULT 0
);

-- The order of the columns spares PostgreSQL the gaps between numbers of different widths. The codes of kinds, origins and
-- units are those of src/db/row.rs and src/ledger.rs; ids and hashes are bytes; a contra account that is the usual one of
-- its kind, and details that are empty, are NULL.
CREATE TABLE ledger (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    kind SMALLINT NOT NULL,
    origin SMALLINT NOT NULL CHECK (origin > 0),
    seq BIGINT NOT NULL CHECK (seq > 0),
    digest BIGINT,
    amount BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    corrects BIGINT,
    unit SMALLINT,
    id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    contra TEXT,
    description TEXT NOT NULL,
    source TEXT NOT NULL,
    quantity TEXT,
    unit_price TEXT,
    reference TEXT NOT NULL,
    details TEXT,
    PRIMARY KEY (wallet_id, seq)
) /*WITHOUT ROWID*/;
-- Money comes once, by an index. Usage is kept from coming twice by filters under the wallet's lock, which look here (by runs
-- of 8,192 lines, so that new entries are neighbors): docs/decisions/0097-reference-filters.md.
CREATE UNIQUE INDEX ledger_reference ON ledger (wallet_id, origin, reference) WHERE origin > 1;
CREATE INDEX ledger_digest ON ledger (wallet_id, ((seq - 1) / 8192), digest);
-- Which line corrects this one: asked for each line that somebody looks at, and nearly always nothing.
CREATE INDEX ledger_corrects ON ledger (wallet_id, corrects) WHERE corrects IS NOT NULL;
-- Lines that are no usage: few among many.
CREATE INDEX ledger_money ON ledger (wallet_id, kind, seq) WHERE kind > 3;

-- Whole pieces of those filters, so that they are not made anew by every server that starts.
CREATE TABLE reference_filters (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    after_seq BIGINT NOT NULL,
    bits BYTEA NOT NULL,
    PRIMARY KEY (wallet_id, after_seq)
);

-- Of each day and kind only the 200 largest sources by name (later ones as they come), so that it stays bounded even where
-- a platform sends a new source with every call. What is not named is the difference to usage_totals.
CREATE TABLE usage_days (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    day BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    source TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount BETWEEN -9223372036854775807 AND 9223372036854775807),
    lines BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, day, kind, source)
) /*WITHOUT ROWID*/;

-- The sums by day and kind alone: a month is read in at most 93 rows, however many sources there were.
CREATE TABLE usage_totals (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    day BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount BETWEEN -9223372036854775807 AND 9223372036854775807),
    lines BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, day, kind)
) /*WITHOUT ROWID*/;

-- The part of a micro-unit that usage of a kind has cost and that no line has posted yet: a whole number of 10^-27 units of
-- the currency, between minus and plus half a micro-unit.
CREATE TABLE usage_remainders (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    kind SMALLINT NOT NULL,
    remainder TEXT NOT NULL,
    PRIMARY KEY (wallet_id, kind)
) /*WITHOUT ROWID*/;

-- What moved each wallet in steps of five minutes (300,000,000 micro-seconds) of posting, kept in step by every posting:
-- a month of a busy ledger is read in thousands of rows instead of millions. `automatic` holds automatic top-ups and
-- what was taken back of them.
CREATE TABLE wallet_steps (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    step BIGINT NOT NULL,
    used BIGINT NOT NULL CHECK (used BETWEEN (-9223372036854775807 - 1) AND 9223372036854775807),
    by_hand BIGINT NOT NULL CHECK (by_hand BETWEEN (-9223372036854775807 - 1) AND 9223372036854775807),
    automatic BIGINT NOT NULL CHECK (automatic BETWEEN (-9223372036854775807 - 1) AND 9223372036854775807),
    PRIMARY KEY (wallet_id, step)
) /*WITHOUT ROWID*/;

-- State: 0 open, 1 captured, 2 released, 3 expired.
CREATE TABLE holds (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    id BYTEA NOT NULL,
    kind SMALLINT NOT NULL,
    state SMALLINT NOT NULL CHECK (state BETWEEN 0 AND 3),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, id)
) /*WITHOUT ROWID*/;
-- A release names the hold alone.
CREATE INDEX holds_id ON holds (id);
CREATE INDEX holds_open ON holds (wallet_id, expires_at) WHERE state = 0;
CREATE INDEX holds_expiry ON holds (expires_at) WHERE state = 0;

-- Credit that ends: what of it is left then is taken back by the line `expired_seq`.
CREATE TABLE credit_expiries (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    seq BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    expires_at BIGINT NOT NULL,
    expired_seq BIGINT,
    settled_at BIGINT,
    PRIMARY KEY (organization_id, seq)
);
CREATE INDEX credit_expiries_due ON credit_expiries (expires_at) WHERE settled_at IS NULL;

-- A wallet that is at or below its low mark. Without a row it never was.
CREATE TABLE low_balances (
    organization_id TEXT NOT NULL PRIMARY KEY REFERENCES wallets (organization_id),
    is_low BIGINT NOT NULL CHECK (is_low IN (0, 1)),
    told_at BIGINT
);
