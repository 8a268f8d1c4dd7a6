DROP TRIGGER ledger_is_append_only ON ledger;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE ON ledger
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();

-- Usage up to `archived_seq` is in a file that was read back.
CREATE FUNCTION ledger_keeps_what_is_not_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.origin <> 1 OR OLD.seq > (SELECT archived_seq FROM wallets WHERE wallet_id = OLD.wallet_id) THEN
        RAISE EXCEPTION 'the ledger is append-only';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER ledger_keeps_what_is_not_archived BEFORE DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION ledger_keeps_what_is_not_archived();
