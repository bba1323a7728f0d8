-- name: stage_projects
-- What a file says of projects, customers or departments, until the transaction ends.
CREATE TEMP TABLE staged (
    line integer NOT NULL, code text, name text, customer text, active boolean, billable boolean DEFAULT true,
    people text[] DEFAULT '{}', departments text[] DEFAULT '{}', notes text, price_list text
) ON COMMIT DROP

-- name: fill_projects
-- Columns that the file does not have stay as they are.
UPDATE pg_temp.staged AS s
SET name = CASE WHEN 'name' = ANY (%(given)s) THEN s.name ELSE p.name END,
    customer = CASE WHEN 'customer' = ANY (%(given)s) THEN s.customer ELSE p.customer END,
    active = CASE WHEN 'active' = ANY (%(given)s) THEN s.active ELSE p.active END,
    billable = CASE WHEN 'billable' = ANY (%(given)s) THEN s.billable ELSE p.billable END,
    people = CASE WHEN 'people' = ANY (%(given)s) THEN s.people ELSE p.people END,
    departments = CASE WHEN 'departments' = ANY (%(given)s) THEN s.departments ELSE p.departments END,
    notes = CASE WHEN 'notes' = ANY (%(given)s) THEN s.notes ELSE p.notes END
FROM accounting.project AS p
WHERE p.kind = %(kind)s AND p.code = s.code

-- name: lacking_projects
-- New ones of which the file does not say all that is needed.
SELECT line, 'name' AS column, 'is new, so it needs a name' AS detail FROM pg_temp.staged WHERE name IS NULL

-- name: lists_of_projects
SELECT line, code, price_list FROM pg_temp.staged

-- name: leave_out
DELETE FROM pg_temp.staged WHERE line = ANY (%(lines)s)

-- name: lock_projects
-- Nobody changes what is being compared.
SELECT count(*) FROM (
    SELECT FROM accounting.project AS p JOIN pg_temp.staged AS s ON p.code = s.code
    WHERE p.kind = %(kind)s ORDER BY p.code FOR UPDATE OF p
) AS locked

-- name: count_projects
SELECT count(*) FILTER (WHERE p.code IS NULL),
    count(*) FILTER (WHERE p.code IS NOT NULL AND (s.code = ANY (%(relisted)s)
        OR (p.name, p.customer, p.active, p.billable, p.people, p.departments, p.notes)
            IS DISTINCT FROM (s.name, s.customer, s.active, s.billable, s.people, s.departments, s.notes))),
    count(*)
FROM pg_temp.staged AS s LEFT JOIN accounting.project AS p ON p.kind = %(kind)s AND p.code = s.code

-- name: apply_projects
INSERT INTO accounting.project AS p (kind, code, name, customer, active, billable, people, departments, notes)
SELECT %(kind)s, code, name, customer, active, billable, people, departments, notes
FROM pg_temp.staged ORDER BY code
ON CONFLICT (kind, code) DO UPDATE
SET name = EXCLUDED.name, customer = EXCLUDED.customer, active = EXCLUDED.active, billable = EXCLUDED.billable,
    people = EXCLUDED.people, departments = EXCLUDED.departments, notes = EXCLUDED.notes,
    changed_at = now(), revision = p.revision + 1
WHERE (p.name, p.customer, p.active, p.billable, p.people, p.departments, p.notes)
    IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.customer, EXCLUDED.active, EXCLUDED.billable, EXCLUDED.people,
        EXCLUDED.departments, EXCLUDED.notes)

-- name: finish_projects
-- Who is there again needs no tombstone any more.
DELETE FROM accounting.project_gone AS g USING pg_temp.staged AS s WHERE g.kind = %(kind)s AND g.code = s.code

-- name: deactivate_projects
UPDATE accounting.project AS p
SET active = false, changed_at = now(), revision = revision + 1
WHERE kind = %(kind)s AND active AND NOT EXISTS (SELECT FROM pg_temp.staged AS s WHERE s.code = p.code)

-- name: stage_budgets
CREATE TEMP TABLE staged (
    line integer NOT NULL, owner_kind text, owner text, period text, amount_micro bigint, hard boolean,
    thresholds smallint[], valid_from date, valid_until date, active boolean
) ON COMMIT DROP

-- name: fill_budgets
UPDATE pg_temp.staged AS s
SET hard = CASE WHEN 'hard' = ANY (%(given)s) THEN s.hard ELSE b.hard END,
    thresholds = CASE WHEN 'thresholds' = ANY (%(given)s) THEN s.thresholds ELSE b.thresholds END,
    valid_until = CASE WHEN 'valid_until' = ANY (%(given)s) THEN s.valid_until ELSE b.valid_until END,
    active = CASE WHEN 'active' = ANY (%(given)s) THEN s.active ELSE b.active END
FROM accounting.budget AS b
WHERE (b.owner_kind, b.owner, b.period) = (s.owner_kind, s.owner, s.period)
  AND b.valid_from IS NOT DISTINCT FROM s.valid_from

-- name: lacking_budgets
-- An end that was set before may not fit.
SELECT line, 'valid_from' AS column, 'is not before the day on which the budget ends' AS detail
FROM pg_temp.staged WHERE valid_from >= valid_until

-- name: lock_budgets
SELECT count(*) FROM (
    SELECT FROM accounting.budget AS b JOIN pg_temp.staged AS s USING (owner_kind, owner, period)
    WHERE b.valid_from IS NOT DISTINCT FROM s.valid_from ORDER BY b.id FOR UPDATE OF b
) AS locked

-- name: count_budgets
SELECT count(*) FILTER (WHERE b.id IS NULL),
    count(*) FILTER (WHERE b.id IS NOT NULL AND (b.amount_micro, b.hard, b.thresholds, b.valid_until, b.active)
        IS DISTINCT FROM (s.amount_micro, s.hard, s.thresholds, s.valid_until, s.active)),
    count(*)
FROM pg_temp.staged AS s
LEFT JOIN accounting.budget AS b ON (b.owner_kind, b.owner, b.period) = (s.owner_kind, s.owner, s.period)
    AND b.valid_from IS NOT DISTINCT FROM s.valid_from

-- name: apply_budgets
INSERT INTO accounting.budget AS b (owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until,
    active, changed_by)
SELECT owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, %(by)s
FROM pg_temp.staged ORDER BY owner_kind, owner, period, valid_from
ON CONFLICT (owner_kind, owner, period, valid_from) DO UPDATE
SET amount_micro = EXCLUDED.amount_micro, hard = EXCLUDED.hard, thresholds = EXCLUDED.thresholds,
    valid_until = EXCLUDED.valid_until, active = EXCLUDED.active,
    changed_at = now(), changed_by = EXCLUDED.changed_by, revision = b.revision + 1
WHERE (b.amount_micro, b.hard, b.thresholds, b.valid_until, b.active)
    IS DISTINCT FROM (EXCLUDED.amount_micro, EXCLUDED.hard, EXCLUDED.thresholds, EXCLUDED.valid_until, EXCLUDED.active)

-- name: deactivate_budgets
UPDATE accounting.budget AS b
SET active = false, changed_at = now(), changed_by = %(by)s, revision = revision + 1
WHERE active AND NOT EXISTS (
    SELECT FROM pg_temp.staged AS s
    WHERE (b.owner_kind, b.owner, b.period) = (s.owner_kind, s.owner, s.period)
      AND b.valid_from IS NOT DISTINCT FROM s.valid_from)
