-- Customers beside projects and departments; who may charge to a project; and a search that 100,000 do not slow down.

ALTER TABLE accounting.project DROP CONSTRAINT project_kind_check;
ALTER TABLE accounting.project ADD CONSTRAINT project_kind_check CHECK (kind IN ('project', 'department', 'customer'));
ALTER TABLE accounting.project
    ADD COLUMN people text[] NOT NULL DEFAULT '{}',
    ADD COLUMN departments text[] NOT NULL DEFAULT '{}',
    ADD COLUMN notes text NOT NULL DEFAULT '';

COMMENT ON COLUMN accounting.project.people IS 'Who may charge to it; empty is everyone.';
COMMENT ON COLUMN accounting.project.departments IS 'Whose people may charge to it; empty is all of them.';
COMMENT ON COLUMN accounting.project.customer IS 'The code of a customer, or any text that names none.';

-- Text as it is searched: without case, accents and ligatures. NFKD takes é apart into e and its accent.
CREATE FUNCTION accounting.folded(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT replace(regexp_replace(lower(normalize($1, NFKD)), '[\u0300-\u036f]', '', 'g'), 'ß', 'ss')
$$;

-- A search text as part of a LIKE pattern, its own wildcards taken literally.
CREATE FUNCTION accounting.search_pattern(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(accounting.folded($1), '([\\%_])', '\\\1', 'g')
$$;

-- What is looked for, kept beside what it is made of. Cut where an index could not hold more; the break between name
-- and customer keeps a search from finding what is in neither.
ALTER TABLE accounting.project
    ADD COLUMN code_folded text COLLATE "C"
        GENERATED ALWAYS AS (left(accounting.folded(code), 200)) STORED,
    ADD COLUMN name_folded text COLLATE "C"
        GENERATED ALWAYS AS (left(accounting.folded(name), 100)) STORED,
    ADD COLUMN words text COLLATE "C"
        GENERATED ALWAYS AS (accounting.folded(name || E'\n' || coalesce(customer, ''))) STORED;

CREATE INDEX project_by_folded_code ON accounting.project (kind, code_folded, code);
CREATE INDEX project_by_name ON accounting.project (kind, name_folded, code);
CREATE INDEX project_by_change ON accounting.project (kind, changed_at, code);
CREATE INDEX project_of_customer ON accounting.project (customer) WHERE kind = 'project' AND customer IS NOT NULL;
CREATE INDEX project_not_billable ON accounting.project (code) WHERE kind = 'project' AND NOT billable;
CREATE INDEX person_of_department ON accounting.person (department) WHERE department <> '';

-- Finds any part of a name by its groups of three letters. The extension comes with PostgreSQL, but a server's
-- administrator may have to allow it: without it the search answers the same, only more slowly. Called again at
-- each start of the service; answers whether the index is there.
CREATE FUNCTION accounting.index_project_words() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    home text;
BEGIN
    IF to_regclass('accounting.project_by_words') IS NOT NULL THEN
        RETURN true;
    END IF;
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    SELECT n.nspname INTO home
    FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
    EXECUTE format('CREATE INDEX IF NOT EXISTS project_by_words ON accounting.project USING gin (words %I.gin_trgm_ops) '
        'WITH (gin_pending_list_limit = 256)', home);
    RETURN true;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR unique_violation THEN
    RAISE NOTICE 'projects are searched without an index: %', SQLERRM;
    RETURN false;
END
$$;
SELECT accounting.index_project_words();

-- Sorts what was written lately into the index, as a long list of it would slow every search down.
CREATE FUNCTION accounting.settle_project_words() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('accounting.project_by_words') IS NOT NULL THEN
        PERFORM gin_clean_pending_list('accounting.project_by_words');
    END IF;
END
$$;

-- Whose removal Kafka must still be told, by a tombstone.
CREATE TABLE accounting.project_gone (
    kind text NOT NULL,
    code text NOT NULL,
    gone_no bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (kind, code)
);
