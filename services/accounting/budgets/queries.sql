-- name: list_budgets
-- A page by id.
SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision,
    changed_at, changed_by
FROM accounting.budget
WHERE id > %(after)s
  AND (%(owner_kind)s::text IS NULL OR owner_kind = %(owner_kind)s)
  AND (%(owner)s::text IS NULL OR owner = %(owner)s)
  AND (%(active)s::boolean IS NULL OR active = %(active)s)
ORDER BY id
LIMIT %(limit)s

-- name: get_budget
SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision,
    changed_at, changed_by
FROM accounting.budget WHERE id = %(id)s

-- name: lock_budget
SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision,
    changed_at, changed_by
FROM accounting.budget WHERE id = %(id)s FOR UPDATE

-- name: add_budget
-- Answers no row where the owner has a budget of that period from that day on.
INSERT INTO accounting.budget (owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until,
    active, changed_by)
VALUES (%(owner_kind)s, %(owner)s, %(period)s, %(amount_micro)s, %(hard)s, %(thresholds)s, %(valid_from)s,
    %(valid_until)s, %(active)s, %(changed_by)s)
ON CONFLICT (owner_kind, owner, period, valid_from) DO NOTHING
RETURNING id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision,
    changed_at, changed_by

-- name: change_budget
-- Whose it is never changes: for another owner it is another budget.
UPDATE accounting.budget
SET period = %(period)s, amount_micro = %(amount_micro)s, hard = %(hard)s, thresholds = %(thresholds)s,
    valid_from = %(valid_from)s, valid_until = %(valid_until)s, active = %(active)s,
    changed_at = now(), changed_by = %(changed_by)s, revision = revision + 1
WHERE id = %(id)s
RETURNING id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision,
    changed_at, changed_by

-- name: remove_budget
-- Its states stay in the history.
WITH gone AS (DELETE FROM accounting.budget WHERE id = %(id)s RETURNING *),
told AS (UPDATE accounting.budget_revision SET revision = revision + 1)
INSERT INTO accounting.budget_history (id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from,
    valid_until, active, revision, changed_at, changed_by, removed)
SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision + 1,
    now(), %(changed_by)s, true
FROM gone

-- name: budget_history
SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active, revision,
    changed_at, changed_by, removed
FROM accounting.budget_history WHERE id = %(id)s ORDER BY no DESC LIMIT %(limit)s

-- name: load_budgets
-- All that count now or may count on some day.
SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active
FROM accounting.budget WHERE active ORDER BY id

-- name: budget_revision
SELECT revision FROM accounting.budget_revision

-- name: charged_span
-- The first month in which anything was charged, and the first after all of them: there an open window begins or ends.
SELECT min(first_month), (max(last_month) + interval '1 month')::date
FROM (
    SELECT min(month) AS first_month, max(month) AS last_month FROM accounting.rollup_project_month
    UNION ALL SELECT min(month), max(month) FROM accounting.rollup_person_month
) AS span

-- name: budgets_used
-- What was charged to the owners of budgets on the days of their windows, from first_day up to before end_day:
-- whole months from the sums by month, the days at both ends from those by day: one look-up by key for each owner
-- and month or day.
WITH asked AS (
    SELECT *,
        date_trunc('month', first_day + interval '1 month' - interval '1 day')::date AS from_month,
        date_trunc('month', end_day)::date AS to_month
    FROM unnest(%(ids)s::bigint[], %(owner_kinds)s::text[], %(owners)s::text[], %(first_days)s::date[],
        %(end_days)s::date[]) AS a (id, owner_kind, owner, first_day, end_day)
    WHERE first_day < end_day
),
months AS (
    SELECT a.id, m::date AS month
    FROM asked AS a, generate_series(from_month::timestamp, to_month - interval '1 month', interval '1 month') AS m
    WHERE from_month < to_month
),
days AS (
    SELECT a.id, d::date AS day
    FROM asked AS a, generate_series(first_day::timestamp, from_month - interval '1 day', interval '1 day') AS d
    WHERE from_month < to_month
    UNION ALL
    SELECT a.id, d::date
    FROM asked AS a, generate_series(to_month::timestamp, end_day - interval '1 day', interval '1 day') AS d
    WHERE from_month < to_month
    UNION ALL
    SELECT a.id, d::date
    FROM asked AS a, generate_series(first_day::timestamp, end_day - interval '1 day', interval '1 day') AS d
    WHERE from_month >= to_month
),
projects AS (
    SELECT a.id, k.project_no FROM asked AS a JOIN accounting.project_key AS k ON k.key = a.owner
    WHERE a.owner_kind = 'project'
    UNION ALL
    SELECT a.id, k.project_no
    FROM asked AS a
    JOIN accounting.project AS p ON p.kind = 'project' AND p.customer = a.owner
    JOIN accounting.project_key AS k ON k.key = p.code
    WHERE a.owner_kind = 'customer'
),
departments AS (
    SELECT a.id, k.department_no FROM asked AS a JOIN accounting.department_key AS k ON k.key = a.owner
    WHERE a.owner_kind = 'department'
),
people AS (
    SELECT a.id, k.person_no FROM asked AS a JOIN accounting.person AS k ON k.key = a.owner
    WHERE a.owner_kind = 'person'
)
SELECT id, sum(price_micro)::bigint AS used_micro FROM (
    SELECT id, price_micro FROM projects JOIN months USING (id)
    JOIN accounting.rollup_project_month USING (month, project_no)
    UNION ALL
    SELECT id, price_micro FROM projects JOIN days USING (id)
    JOIN accounting.rollup_project USING (day, project_no)
    UNION ALL
    SELECT id, price_micro FROM departments JOIN months USING (id)
    JOIN accounting.rollup_department_month USING (month, department_no)
    UNION ALL
    SELECT id, price_micro FROM departments JOIN days USING (id)
    JOIN accounting.rollup_department USING (day, department_no)
    UNION ALL
    SELECT id, price_micro FROM people JOIN months USING (id)
    JOIN accounting.rollup_person_month USING (month, person_no)
    UNION ALL
    SELECT id, price_micro FROM people JOIN days USING (id)
    JOIN accounting.rollup_person USING (day, person_no)
) AS summed
GROUP BY id

-- name: budgets_reserved
-- What is held now for jobs that were allowed and are not charged yet.
SELECT a.id, r.reserved_micro
FROM unnest(%(ids)s::bigint[], %(owner_kinds)s::text[], %(owners)s::text[]) AS a (id, owner_kind, owner)
JOIN accounting.reserved AS r ON r.owner = a.owner_kind AND r.code = a.owner
