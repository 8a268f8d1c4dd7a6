DROP TRIGGER ledger_is_append_only_delete;

-- Usage up to `archived_seq` is in a file that was read back.
CREATE TRIGGER ledger_is_append_only_delete BEFORE DELETE ON ledger
WHEN OLD.origin <> 1 OR OLD.seq > (SELECT archived_seq FROM wallets WHERE wallet_id = OLD.wallet_id)
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
