-- Closed months in files, of which the database keeps what it must know at once: docs/decisions/0109-archive.md.

-- Usage up to this line is in files alone. A multiple of 8,192.
ALTER TABLE wallets ADD COLUMN archived_seq BIGINT NOT NULL DEFAULT 0;

-- Each file, in the order of the ledger, without a gap from line 1. `digest` is the SHA-256 of its bytes.
CREATE TABLE wallet_archives (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    first_seq BIGINT NOT NULL CHECK (first_seq > 0),
    last_seq BIGINT NOT NULL CHECK (last_seq >= first_seq),
    month TEXT NOT NULL,
    file TEXT NOT NULL,
    digest BYTEA NOT NULL,
    hash_before BYTEA NOT NULL,
    last_hash BYTEA NOT NULL,
    balance_before BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, first_seq)
);
CREATE UNIQUE INDEX wallet_archives_month ON wallet_archives (wallet_id, month);

-- What is left of an archived line, so that its reference posts no second time, for ever. `digest` and `digest_rest` are the
-- first sixteen bytes of the SHA-256 of the reference; `contents` is the first eight of what the sender said.
CREATE TABLE archived_references (
    wallet_id INTEGER NOT NULL REFERENCES wallets (wallet_id),
    seq BIGINT NOT NULL,
    digest BIGINT NOT NULL,
    digest_rest BIGINT NOT NULL,
    contents BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (wallet_id, seq)
) /*WITHOUT ROWID*/;
CREATE INDEX archived_references_digest ON archived_references (wallet_id, ((seq - 1) / 8192), digest);
