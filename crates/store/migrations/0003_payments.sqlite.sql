CREATE TRIGGER papers_stay_update BEFORE UPDATE ON papers
BEGIN
    SELECT RAISE(ABORT, 'an issued paper is never changed');
END;

CREATE TRIGGER papers_stay_delete BEFORE DELETE ON papers
BEGIN
    SELECT RAISE(ABORT, 'an issued paper is never changed');
END;
