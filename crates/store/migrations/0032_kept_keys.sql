-- Keys of requests that move money are kept for ever; the others are forgotten after a while.
ALTER TABLE idempotency_keys ADD COLUMN moves_money BIGINT NOT NULL DEFAULT 0 CHECK (moves_money IN (0, 1));
UPDATE idempotency_keys SET moves_money = 1
    WHERE EXISTS (SELECT 1 FROM top_ups WHERE top_ups.id = idempotency_keys.resource_id)
        OR EXISTS (SELECT 1 FROM refunds WHERE refunds.id = idempotency_keys.resource_id);
DROP INDEX idempotency_keys_age;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at) WHERE moves_money = 0;
