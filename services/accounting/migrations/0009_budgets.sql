-- Budgets of projects, departments, customers and people, and every state that each ever had.

CREATE TABLE accounting.budget (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_kind text NOT NULL CHECK (owner_kind IN ('project', 'department', 'customer', 'person')),
    owner text NOT NULL CHECK (owner <> ''),
    period text NOT NULL CHECK (period IN ('month', 'quarter', 'year', 'total')),
    amount_micro bigint NOT NULL CHECK (amount_micro > 0),
    hard boolean NOT NULL DEFAULT false,
    thresholds smallint[] NOT NULL,
    valid_from date,
    valid_until date,
    active boolean NOT NULL DEFAULT true,
    revision bigint NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL,
    CHECK (valid_from < valid_until),
    UNIQUE NULLS NOT DISTINCT (owner_kind, owner, period, valid_from)
);

COMMENT ON TABLE accounting.budget IS
    'What an owner may be charged, in the price book. valid_until is the first day that no longer counts.';

CREATE TABLE accounting.budget_history (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id bigint NOT NULL,
    owner_kind text NOT NULL,
    owner text NOT NULL,
    period text NOT NULL,
    amount_micro bigint NOT NULL,
    hard boolean NOT NULL,
    thresholds smallint[] NOT NULL,
    valid_from date,
    valid_until date,
    active boolean NOT NULL,
    revision bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    removed boolean NOT NULL
);

COMMENT ON TABLE accounting.budget_history IS
    'Each state of each budget, the last one of a removed budget marked as such.';

CREATE INDEX budget_history_of_one ON accounting.budget_history (id, no);
CREATE INDEX budget_history_of_owner ON accounting.budget_history (owner_kind, owner);
CREATE TRIGGER budget_history_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.budget_history
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_loss();

-- Counts up with every change, so that whoever watches budgets sees cheaply that they must be read again.
CREATE TABLE accounting.budget_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint NOT NULL
);
INSERT INTO accounting.budget_revision (revision) VALUES (0);

CREATE FUNCTION accounting.note_budgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounting.budget_history (id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from,
        valid_until, active, revision, changed_at, changed_by, removed)
    SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision,
        changed_at, changed_by, false
    FROM changed;
    UPDATE accounting.budget_revision SET revision = revision + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER budgets_are_noted AFTER INSERT ON accounting.budget
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION accounting.note_budgets();
CREATE TRIGGER changed_budgets_are_noted AFTER UPDATE ON accounting.budget
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION accounting.note_budgets();
