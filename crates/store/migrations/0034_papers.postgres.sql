CREATE FUNCTION papers_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an issued paper is never changed';
END
$$;

CREATE TRIGGER papers_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON papers
    FOR EACH STATEMENT EXECUTE FUNCTION papers_stay();
