-- Money went out of the wallet that nobody used: it was given back, taken back or corrected. Automatic payments wait from
-- then on, until a person resumes them or usage crosses the threshold again; then this is empty.
ALTER TABLE auto_pay ADD COLUMN reversed_at BIGINT;
