-- The sums by day and kind alone, so that a month is read in at most 93 rows, however many sources there were; and of each
-- day and kind only the 200 largest sources by name (later ones as they come), so that usage_days stays bounded even where
-- a platform sends a new source with every call. What is not named is the difference between the two.

CREATE TABLE usage_totals (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    day BIGINT NOT NULL,
    kind TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount BETWEEN -9223372036854775807 AND 9223372036854775807),
    lines BIGINT NOT NULL,
    PRIMARY KEY (organization_id, day, kind)
) /*WITHOUT ROWID*/;

INSERT INTO usage_totals (organization_id, day, kind, amount, lines)
SELECT organization_id, day, kind, CAST(SUM(amount) AS BIGINT), CAST(SUM(lines) AS BIGINT)
FROM usage_days GROUP BY organization_id, day, kind;

DELETE FROM usage_days WHERE (organization_id, day, kind, source) IN (
    SELECT organization_id, day, kind, source FROM (
        SELECT organization_id, day, kind, source,
            ROW_NUMBER() OVER (PARTITION BY organization_id, day, kind ORDER BY amount DESC, source) AS place
        FROM usage_days
    ) AS placed WHERE place > 200
);
