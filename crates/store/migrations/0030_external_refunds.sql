-- Who began a refund: one that somebody made at the provider is only asked about there, never made again.
ALTER TABLE refunds ADD COLUMN made_by TEXT NOT NULL DEFAULT 'operator' CHECK (made_by IN ('operator', 'provider'));
CREATE UNIQUE INDEX refunds_external ON refunds (top_up_id, provider_ref) WHERE made_by = 'provider';
