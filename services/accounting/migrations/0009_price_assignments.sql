-- Which price list counts for whom, as history; and until when a version of a list counts at most.

CREATE TABLE accounting.price_assignment (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    book text NOT NULL CHECK (book IN ('cost', 'price')),
    level text NOT NULL
        CHECK (level IN ('project', 'customer', 'department', 'printer', 'group', 'model', 'default')),
    key text NOT NULL,
    name text,
    assigned_at timestamptz NOT NULL DEFAULT now(),
    assigned_by text NOT NULL,
    CHECK ((level = 'default') = (key = ''))
);

COMMENT ON TABLE accounting.price_assignment IS
    'Which list counts for a project, customer, department, printer, group or model, and which by default. The '
    'newest row of a book, level and key counts, and without a name it takes the list away. By default that one of '
    'the lists counts that was named last and has a version valid at the time of the job.';

CREATE INDEX price_assignment_newest ON accounting.price_assignment (book, level, key, no DESC);

INSERT INTO accounting.price_assignment (book, level, key, name, assigned_at, assigned_by)
SELECT book, 'default', '', name, named_at, 'operator' FROM accounting.default_price_list ORDER BY no;

DROP TABLE accounting.default_price_list;

CREATE TRIGGER assignments_are_history BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.price_assignment
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_loss();

ALTER TABLE accounting.price_list
    ADD COLUMN valid_until timestamptz,
    ADD CONSTRAINT price_list_valid_for_some_time CHECK (valid_until > valid_from);

-- Where lists are assigned to customers, prices depend on whose project it is: the ledger must read that again.
CREATE FUNCTION accounting.count_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accounting.price_assignment WHERE level = 'customer') THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM becomes WHERE customer IS NOT NULL) THEN
            RETURN NULL;
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM becomes JOIN was USING (kind, code) WHERE becomes.customer IS DISTINCT FROM was.customer
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE accounting.price_revision SET revision = revision + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER customers_of_new_projects AFTER INSERT ON accounting.project
    REFERENCING NEW TABLE AS becomes FOR EACH STATEMENT EXECUTE FUNCTION accounting.count_customers();
CREATE TRIGGER customers_of_projects AFTER UPDATE ON accounting.project
    REFERENCING OLD TABLE AS was NEW TABLE AS becomes
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.count_customers();
