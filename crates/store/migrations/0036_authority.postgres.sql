ALTER TABLE notices DROP CONSTRAINT notices_kind_check;
ALTER TABLE notices ADD CONSTRAINT notices_kind_check CHECK (kind IN
    ('low_balance', 'payment_declined', 'automatic_payments_paused', 'card_added', 'fraud_warning',
    'automatic_payments_changed', 'role_changed', 'payment_link_created'));
