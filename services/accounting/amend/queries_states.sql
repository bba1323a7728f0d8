-- name: state_of
-- The state that a ledger line counts or takes back: the line's charge, the number of the state (0 is the charge
-- itself), and whether it is taken back. The void leg of an amendment takes back the state before.
SELECT c.entry_id, c.line, 0 AS revision, false AS takes_back
FROM accounting.charge AS c WHERE c.entry_id = %(entry_id)s AND c.line = %(line)s
UNION ALL
SELECT a.charge_entry_id, a.line, a.revision - (a.entry_id = %(entry_id)s)::integer, a.entry_id = %(entry_id)s
FROM accounting.amendment AS a
LEFT JOIN accounting.amendment AS b
    ON b.charge_entry_id = a.charge_entry_id AND b.line = a.line AND b.occurred_at = a.occurred_at
    AND b.revision = a.revision - 1
WHERE %(entry_id)s >> 52 = 1 AND a.entry_id IN (%(entry_id)s, %(entry_id)s - 1) AND a.line = %(line)s
    AND CASE WHEN a.entry_id = %(entry_id)s THEN b.voided IS NOT TRUE ELSE NOT a.voided END

-- name: states
-- All states of a ledger line, the first one first, with who made each later one, when and why.
SELECT s.revision, s.entry_id || '.' || s.line AS charge_id, e.code AS entry_kind, s.posted_at, s.day, s.voided,
    h.correction_no::text AS correction_id, h.actor, h.reason, w.key AS person, x.key AS project,
    d.key AS department, s.billable, s.cost_micro, s.price_micro
FROM (
    SELECT 0 AS revision, c.entry_id, c.line, c.entry_kind, c.posted_at, c.day, false AS voided,
        NULL::bigint AS correction_no, c.person_no, c.project_no, c.department_no, c.billable, c.cost_micro,
        c.price_micro
    FROM accounting.charge AS c WHERE c.entry_id = %(entry_id)s AND c.line = %(line)s
    UNION ALL
    SELECT a.revision, CASE WHEN a.voided THEN a.entry_id ELSE a.entry_id + 1 END, a.line, a.amendment_kind,
        a.posted_at, a.day, a.voided, a.correction_no, a.person_no, a.project_no, a.department_no, a.billable,
        a.cost_micro, a.price_micro
    FROM accounting.amendment AS a WHERE a.charge_entry_id = %(entry_id)s AND a.line = %(line)s
) AS s
JOIN accounting.code AS e ON e.what = 'entry_kind' AND e.no = s.entry_kind
JOIN accounting.person AS w USING (person_no)
JOIN accounting.project_key AS x USING (project_no)
JOIN accounting.department_key AS d USING (department_no)
LEFT JOIN accounting.correction AS h USING (correction_no)
ORDER BY s.revision
