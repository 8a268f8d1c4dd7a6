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
CREATE UNIQUE INDEX papers_number ON papers (seller, kind, number);

-- The last number of each seller, raised in the transaction that writes the paper: no number is given twice or left out.
CREATE TABLE paper_series (
    seller TEXT NOT NULL,
    kind TEXT NOT NULL,
    last BIGINT NOT NULL CHECK (last > 0),
    PRIMARY KEY (seller, kind)
) /*WITHOUT ROWID*/;
