ALTER TABLE requests DROP CONSTRAINT requests_organization_id_user_id_fkey;
ALTER TABLE requests ADD FOREIGN KEY (organization_id) REFERENCES organizations (id);
ALTER TABLE requests ADD FOREIGN KEY (user_id) REFERENCES users (id);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
