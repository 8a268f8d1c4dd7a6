ALTER TABLE payment_links
    ADD FOREIGN KEY (organization_id, top_up_id) REFERENCES top_ups (organization_id, id);

CREATE FUNCTION papers_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an issued paper is never changed';
END
$$;

CREATE TRIGGER papers_stay BEFORE UPDATE OR DELETE ON papers
    FOR EACH ROW EXECUTE FUNCTION papers_stay();
CREATE TRIGGER papers_are_never_emptied BEFORE TRUNCATE ON papers
    FOR EACH STATEMENT EXECUTE FUNCTION papers_stay();
