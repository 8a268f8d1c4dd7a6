-- Runs of 8,192 lines of a wallet, summarized once: docs/decisions/0106-segments.md. Number 0 is lines 1 to 8,192.
CREATE TABLE ledger_segments (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    segment BIGINT NOT NULL,
    -- Of its last line.
    posted_at BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    -- One bit for each bucket of its signature that has any line.
    buckets BYTEA NOT NULL,
    PRIMARY KEY (wallet_id, segment)
);

CREATE TABLE segment_kinds (
    wallet_id INTEGER NOT NULL,
    segment BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    lines BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    money_in BIGINT NOT NULL,
    first_occurred BIGINT NOT NULL,
    last_occurred BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, segment, kind)
) /*WITHOUT ROWID*/;

-- The same of each 256 lines of it, so that a moment or a day cuts through few lines. Number 0 is a segment's first 256.
CREATE TABLE segment_parts (
    wallet_id INTEGER NOT NULL,
    segment BIGINT NOT NULL,
    part BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    lines BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    money_in BIGINT NOT NULL,
    first_occurred BIGINT NOT NULL,
    last_occurred BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, segment, part, kind)
) /*WITHOUT ROWID*/;

-- Of 32 buckets each: in which blocks of 16 lines their trigrams and kinds are.
CREATE TABLE segment_signatures (
    wallet_id INTEGER NOT NULL,
    segment BIGINT NOT NULL,
    page BIGINT NOT NULL,
    bits BYTEA NOT NULL,
    PRIMARY KEY (wallet_id, segment, page)
) /*WITHOUT ROWID*/;
