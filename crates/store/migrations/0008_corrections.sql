-- Which line corrects this one: asked for each line that somebody looks at, and nearly always nothing.
CREATE INDEX ledger_corrects ON ledger (organization_id, corrects) WHERE corrects IS NOT NULL;
