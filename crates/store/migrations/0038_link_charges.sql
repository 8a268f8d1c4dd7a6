-- What the payer of a hand-over link saw that the card is charged at once; empty: nothing. No more than that is charged.
ALTER TABLE card_setups ADD COLUMN charge BIGINT;
