-- name: owners
-- Whoever else is charged along: the customers of projects, and the departments of people whose job names none.
SELECT 'customer', customer FROM accounting.project
WHERE kind = 'project' AND code = ANY (%(projects)s::text[]) AND customer <> ''
UNION
SELECT 'department', department FROM accounting.person WHERE key = ANY (%(people)s::text[]) AND department <> ''

-- name: budgets_of
SELECT id, owner_kind, owner, period, amount_micro, hard, thresholds, valid_from, valid_until, active
FROM accounting.budget
JOIN unnest(%(kinds)s::text[], %(codes)s::text[]) AS o (owner_kind, owner) USING (owner_kind, owner)
WHERE active
ORDER BY id
