-- Price lists, which of them counts by default, and the names of projects and departments.

CREATE TABLE accounting.price_list (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    book text NOT NULL CHECK (book IN ('cost', 'price')),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published')),
    valid_from timestamptz NOT NULL,
    definition jsonb NOT NULL,
    sha256 bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    published_by text,
    UNIQUE (name, version),
    CHECK ((state = 'published') = (published_at IS NOT NULL))
);

COMMENT ON TABLE accounting.price_list IS
    'Every version of every price list. A published version never changes, for every charge names the one it follows.';

CREATE UNIQUE INDEX price_list_draft ON accounting.price_list (name) WHERE state = 'draft';

CREATE FUNCTION accounting.refuse_price_list_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'price list % v% is published and never changes: publish a new version', OLD.name, OLD.version
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER price_list_is_immutable BEFORE UPDATE OR DELETE ON accounting.price_list
    FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION accounting.refuse_price_list_change();

CREATE TRIGGER price_lists_are_kept BEFORE TRUNCATE ON accounting.price_list
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_loss();

CREATE TABLE accounting.default_price_list (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book text NOT NULL CHECK (book IN ('cost', 'price')),
    name text NOT NULL,
    named_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE accounting.default_price_list IS
    'Which list counts in a book: the last one named that has a version valid at the time of the job.';

CREATE TRIGGER defaults_are_history BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.default_price_list
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_loss();

-- Counts up with every publication, so that the ledger's writer sees cheaply that it must read the lists again.
CREATE TABLE accounting.price_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint NOT NULL
);
INSERT INTO accounting.price_revision (revision) VALUES (0);

CREATE TABLE accounting.project (
    kind text NOT NULL CHECK (kind IN ('project', 'department')),
    code text NOT NULL CHECK (code <> ''),
    name text NOT NULL,
    customer text,
    active boolean NOT NULL DEFAULT true,
    billable boolean NOT NULL DEFAULT true,
    changed_at timestamptz NOT NULL DEFAULT now(),
    revision bigint NOT NULL DEFAULT 1,
    told_revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, code)
);

COMMENT ON TABLE accounting.project IS
    'Projects and departments, which have one shape and one event. A change is told to Kafka after its commit: '
    'told_revision lags behind revision until then, so that none is lost.';

CREATE INDEX project_untold ON accounting.project (kind, code) WHERE told_revision < revision;
