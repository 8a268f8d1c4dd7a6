-- What moved each wallet in steps of five minutes (300,000,000 micro-seconds) of posting, kept in step by every posting:
-- a month of a busy ledger is read in thousands of rows instead of millions. `automatic` holds automatic top-ups and
-- what was taken back of them.
CREATE TABLE wallet_steps (
    organization_id TEXT NOT NULL REFERENCES wallets (organization_id),
    step BIGINT NOT NULL,
    used BIGINT NOT NULL CHECK (used BETWEEN (-9223372036854775807 - 1) AND 9223372036854775807),
    by_hand BIGINT NOT NULL CHECK (by_hand BETWEEN (-9223372036854775807 - 1) AND 9223372036854775807),
    automatic BIGINT NOT NULL CHECK (automatic BETWEEN (-9223372036854775807 - 1) AND 9223372036854775807),
    PRIMARY KEY (organization_id, step)
) /*WITHOUT ROWID*/;

INSERT INTO wallet_steps (organization_id, step, used, by_hand, automatic)
SELECT organization_id, step,
    CAST(SUM(CASE WHEN class = 'used' THEN -amount ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN class = 'by_hand' THEN amount ELSE 0 END) AS BIGINT),
    CAST(SUM(CASE WHEN class = 'automatic' THEN amount ELSE 0 END) AS BIGINT)
FROM (
    SELECT organization_id, posted_at / 300000000 AS step, amount,
        CASE
            WHEN kind IN ('outbound_call', 'inbound_call', 'ai_task') THEN 'used'
            WHEN kind = 'auto_top_up' THEN 'automatic'
            WHEN kind = 'refund' AND EXISTS (
                SELECT 1 FROM refunds JOIN top_ups ON top_ups.id = refunds.top_up_id
                WHERE top_ups.kind = 'auto' AND refunds.organization_id = ledger.organization_id
                AND (ledger.reference = refunds.id OR ledger.reference = refunds.id || ':returned')) THEN 'automatic'
            WHEN kind = 'dispute' AND EXISTS (
                SELECT 1 FROM disputes JOIN top_ups ON top_ups.id = disputes.top_up_id
                WHERE top_ups.kind = 'auto' AND disputes.organization_id = ledger.organization_id
                AND (ledger.reference = disputes.provider_ref
                    OR ledger.reference = disputes.provider_ref || ':returned')) THEN 'automatic'
            ELSE 'by_hand'
        END AS class
    FROM ledger
) AS moved
GROUP BY organization_id, step;

-- A payment looks for the request that it answers.
CREATE INDEX requests_top_up ON requests (top_up_id) WHERE top_up_id IS NOT NULL;
