-- Which price list counts for whom; the defaults of the books become its last level.

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
    'Which list counts in a book for a project, customer, department, printer, group or model, or for all that have '
    'none of their own. History: the newest row of a book, level and key counts, and one without name takes the list '
    'away. Of the default level the last one named counts that has a version valid at the time of the job.';

INSERT INTO accounting.price_assignment (book, level, key, name, assigned_at, assigned_by)
SELECT book, 'default', '', name, named_at, 'operator' FROM accounting.default_price_list ORDER BY no;

DROP TABLE accounting.default_price_list;

CREATE INDEX price_assignment_newest ON accounting.price_assignment (book, level, key, no DESC);

CREATE TRIGGER assignments_are_history BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.price_assignment
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_loss();
