-- The part of a micro-unit that usage of a kind has cost and that no line has posted yet: a whole number of 10^-27 units of
-- the currency, between minus and plus half a micro-unit.
CREATE TABLE usage_remainders (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    kind TEXT NOT NULL,
    remainder TEXT NOT NULL,
    PRIMARY KEY (organization_id, kind)
) /*WITHOUT ROWID*/;
