-- A link that was seen expired stays so, whatever the clock says later.
ALTER TABLE payment_links ADD COLUMN expired_at BIGINT;
CREATE INDEX payment_links_unexpired ON payment_links (expires_at)
    WHERE expired_at IS NULL AND completed_at IS NULL AND revoked_at IS NULL;

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
