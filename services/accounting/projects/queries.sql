-- name: list_projects
-- A page in one of the orders of services/accounting/projects.py, which puts itself in.
SELECT kind, code, name, customer, active, billable, people, departments, notes, changed_at, revision, code_folded,
    name_folded, accounting.assigned_price_list(kind, code) AS price_list
FROM accounting.project
WHERE kind = %(kind)s AND /* after */
ORDER BY /* order */
LIMIT %(limit)s

-- name: search_projects
-- A page of those that are asked for. Up to so many are all found, by whatever index serves, and put in order. Of
-- more, a walk in that order comes upon enough of them soon; it must not be tried for a few, that may all lie at its
-- end. The beginning of a code is looked for by itself, as those lie all in one place.
WITH found AS MATERIALIZED (
    SELECT kind, code, name, customer, active, billable, people, departments, notes, changed_at, revision,
        code_folded, name_folded
    FROM accounting.project
    WHERE kind = %(kind)s AND /* after */
      AND (%(q)s::text IS NULL OR code_folded LIKE accounting.search_pattern(%(q)s) || '%%'
        OR words LIKE '%%' || accounting.search_pattern(%(q)s) || '%%' OR customer = ANY (%(customers)s::text[]))
      AND (%(active)s::boolean IS NULL OR active = %(active)s)
      AND (%(customer)s::text IS NULL OR customer = %(customer)s)
    LIMIT %(few)s + 1
),
counted AS (SELECT count(*) <= %(few)s AS are_few FROM found)
SELECT page.*, accounting.assigned_price_list(kind, code) AS price_list
FROM (SELECT * FROM (
    SELECT * FROM found WHERE (SELECT are_few FROM counted)
    UNION
    (SELECT kind, code, name, customer, active, billable, people, departments, notes, changed_at, revision,
        code_folded, name_folded
    FROM accounting.project
    WHERE NOT (SELECT are_few FROM counted) AND kind = %(kind)s AND /* after */
      AND code_folded LIKE coalesce(accounting.search_pattern(%(q)s), '') || '%%'
      AND (%(active)s::boolean IS NULL OR active = %(active)s)
      AND (%(customer)s::text IS NULL OR customer = %(customer)s)
    ORDER BY /* order */
    LIMIT %(limit)s)
    UNION
    (SELECT kind, code, name, customer, active, billable, people, departments, notes, changed_at, revision,
        code_folded, name_folded
    FROM accounting.project
    WHERE NOT (SELECT are_few FROM counted) AND kind = %(kind)s AND /* after */
      AND (words LIKE '%%' || accounting.search_pattern(%(q)s) || '%%' OR customer = ANY (%(customers)s::text[]))
      AND (%(active)s::boolean IS NULL OR active = %(active)s)
      AND (%(customer)s::text IS NULL OR customer = %(customer)s)
    ORDER BY /* order */
    LIMIT %(limit)s)
) AS matching ORDER BY /* order */ LIMIT %(limit)s) AS page
ORDER BY /* order */

-- name: customers_found
-- Codes of customers by any part of their name: projects of theirs are found by it.
SELECT code FROM accounting.project
WHERE kind = 'customer' AND words LIKE '%%' || accounting.search_pattern(%(q)s) || '%%'
LIMIT %(limit)s

-- name: get_project
SELECT kind, code, name, customer, active, billable, people, departments, notes, changed_at, revision, code_folded,
    name_folded, accounting.assigned_price_list(kind, code) AS price_list
FROM accounting.project WHERE kind = %(kind)s AND code = %(code)s

-- name: lock_project
SELECT kind, code, name, customer, active, billable, people, departments, notes, changed_at, revision, code_folded,
    name_folded, accounting.assigned_price_list(kind, code) AS price_list
FROM accounting.project WHERE kind = %(kind)s AND code = %(code)s FOR UPDATE

-- name: put_project
-- Writing what is already there is no change and is not told again.
INSERT INTO accounting.project AS p (kind, code, name, customer, active, billable, people, departments, notes)
VALUES (%(kind)s, %(code)s, %(name)s, %(customer)s, %(active)s, %(billable)s, %(people)s, %(departments)s, %(notes)s)
ON CONFLICT (kind, code) DO UPDATE
SET name = EXCLUDED.name, customer = EXCLUDED.customer, active = EXCLUDED.active, billable = EXCLUDED.billable,
    people = EXCLUDED.people, departments = EXCLUDED.departments, notes = EXCLUDED.notes,
    changed_at = now(), revision = p.revision + 1
WHERE (p.name, p.customer, p.active, p.billable, p.people, p.departments, p.notes)
    IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.customer, EXCLUDED.active, EXCLUDED.billable, EXCLUDED.people,
        EXCLUDED.departments, EXCLUDED.notes)

-- name: here_again
-- Whoever is there again is told as such; the tombstone that was not told yet would come too late.
DELETE FROM accounting.project_gone WHERE kind = %(kind)s AND code = %(code)s

-- name: ties_of_project
-- Why one can't be deleted, NULL when it can: history names it.
SELECT CASE
    WHEN EXISTS (SELECT FROM accounting.project_key WHERE %(kind)s = 'project' AND key = %(code)s)
      OR EXISTS (SELECT FROM accounting.department_key WHERE %(kind)s = 'department' AND key = %(code)s)
        THEN 'jobs were charged to it'
    WHEN EXISTS (SELECT FROM accounting.budget_history WHERE owner_kind = %(kind)s AND owner = %(code)s)
        THEN 'it had a budget'
    WHEN %(kind)s = 'customer' AND EXISTS (
        SELECT FROM accounting.project WHERE kind = 'project' AND customer = %(code)s)
        THEN 'projects name it'
    WHEN %(kind)s = 'department' AND EXISTS (
        SELECT FROM accounting.person WHERE department = %(code)s AND department <> '')
        THEN 'people belong to it'
END

-- name: delete_project
WITH gone AS (DELETE FROM accounting.project WHERE kind = %(kind)s AND code = %(code)s RETURNING kind, code)
INSERT INTO accounting.project_gone (kind, code) SELECT kind, code FROM gone
ON CONFLICT (kind, code) DO NOTHING

-- name: claim_telling
-- One process tells at a time, so that an old state never comes after a newer one.
SELECT pg_try_advisory_xact_lock(hashtext('accounting.project'))

-- name: untold_projects
SELECT kind, code, name, customer, active, billable, people, departments, notes, changed_at, revision, code_folded,
    name_folded, accounting.assigned_price_list(kind, code) AS price_list
FROM accounting.project WHERE told_revision < revision ORDER BY kind, code LIMIT %(limit)s

-- name: untold_removals
SELECT kind, code, gone_no FROM accounting.project_gone ORDER BY gone_no LIMIT %(limit)s

-- name: mark_told
UPDATE accounting.project AS p SET told_revision = t.revision
FROM unnest(%(kinds)s::text[], %(codes)s::text[], %(revisions)s::bigint[]) AS t (kind, code, revision)
WHERE p.kind = t.kind AND p.code = t.code AND p.told_revision < t.revision

-- name: mark_removals_told
DELETE FROM accounting.project_gone WHERE gone_no = ANY (%(numbers)s)
