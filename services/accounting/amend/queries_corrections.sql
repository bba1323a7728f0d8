-- name: line_places
-- The ledger lines that charge ids name; the id of a leg names the line that it amends.
SELECT asked.entry_id, asked.line, coalesce(c.entry_id, a.charge_entry_id) AS charge_entry_id
FROM unnest(%(entries)s::bigint[], %(lines)s::integer[]) AS asked(entry_id, line)
LEFT JOIN accounting.charge AS c ON c.entry_id = asked.entry_id AND c.line = asked.line
LEFT JOIN accounting.amendment AS a
    ON asked.entry_id >> 52 = 1 AND a.entry_id IN (asked.entry_id, asked.entry_id - 1) AND a.line = asked.line

-- name: stage_change
-- The lines that are chosen, as they are to be. What is not to change is NULL; voided lines stay as they are.
INSERT INTO pg_temp.staged_amendment (
    charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
    price_rule_no, based_on, line, billable, voided
)
SELECT c.entry_id, c.occurred_at, c.cost_micro, c.price_micro, coalesce(%(person_no)s::integer, c.person_no),
    coalesce(%(project_no)s::integer, c.project_no), coalesce(%(department_no)s::integer, c.department_no),
    c.cost_rule_no, c.price_rule_no, c.revision, c.line, coalesce(%(billable)s::boolean, c.billable), %(voided)s
FROM accounting.current_line AS c
WHERE (NOT c.voided OR %(voided)s) AND (/*filters*/ true)

-- name: stage_minimums
-- A job's minimum charge goes with its lines: where all of them are staged or void, it counts for whom they count for.
-- The first and last moment of what is staged leave the partitions of other months unread.
INSERT INTO pg_temp.staged_amendment (
    charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
    price_rule_no, based_on, line, billable, voided
)
SELECT c.entry_id, c.occurred_at, c.cost_micro, c.price_micro, coalesce(%(person_no)s::integer, c.person_no),
    coalesce(%(project_no)s::integer, c.project_no), coalesce(%(department_no)s::integer, c.department_no),
    c.cost_rule_no, c.price_rule_no, c.revision, c.line, coalesce(%(billable)s::boolean, c.billable), false
FROM accounting.current_line AS c
WHERE c.entry_kind = 2 AND NOT c.voided
    AND c.occurred_at >= (SELECT min(occurred_at) FROM pg_temp.staged_amendment)
    AND c.occurred_at <= (SELECT max(occurred_at) FROM pg_temp.staged_amendment)
    AND (c.entry_id, c.occurred_at) IN (SELECT s.charge_entry_id, s.occurred_at FROM pg_temp.staged_amendment AS s)
    AND NOT EXISTS (
        SELECT FROM pg_temp.staged_amendment AS s WHERE s.charge_entry_id = c.entry_id AND s.line = c.line
    )
    AND NOT EXISTS (
        SELECT FROM accounting.current_line AS o
        WHERE o.entry_id = c.entry_id AND o.occurred_at = c.occurred_at AND o.entry_kind <> 2 AND NOT o.voided
            AND o.occurred_at >= (SELECT min(occurred_at) FROM pg_temp.staged_amendment)
            AND o.occurred_at <= (SELECT max(occurred_at) FROM pg_temp.staged_amendment)
            AND NOT EXISTS (
                SELECT FROM pg_temp.staged_amendment AS s
                WHERE s.charge_entry_id = o.entry_id AND s.line = o.line
            )
    )

-- name: stage_undo
-- The lines of a correction, as they were before it. A line must be as the correction left it, also if by further
-- corrections that were undone; one that is not is based on a state that is no more, and so refused. Lines that only
-- began to count their job are left to stage_counts, whatever became of them since; minimum charges to `follow`.
INSERT INTO pg_temp.staged_amendment (
    charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
    price_rule_no, based_on, line, billable, voided
)
SELECT c.entry_id, c.occurred_at, CASE WHEN b.revision IS NULL THEN c.cost_micro ELSE b.cost_micro END,
    CASE WHEN b.revision IS NULL THEN c.price_micro ELSE b.price_micro END, coalesce(b.person_no, c.person_no),
    coalesce(b.project_no, c.project_no), coalesce(b.department_no, c.department_no),
    coalesce(b.cost_rule_no, c.cost_rule_no), coalesce(b.price_rule_no, c.price_rule_no),
    CASE
        WHEN c.entry_kind = 2 OR a.voided AND n.voided THEN n.revision
        WHEN a.voided OR n.voided THEN a.revision
        WHEN (a.person_no, a.project_no, a.department_no, a.billable, a.cost_rule_no, a.price_rule_no)
            = (n.person_no, n.project_no, n.department_no, n.billable, n.cost_rule_no, n.price_rule_no)
            AND a.cost_micro IS NOT DISTINCT FROM n.cost_micro AND a.price_micro IS NOT DISTINCT FROM n.price_micro
        THEN n.revision ELSE a.revision
    END,
    c.line,
    coalesce(b.billable, c.billable), coalesce(b.voided, false)
FROM accounting.amendment AS a
JOIN accounting.charge AS c ON c.entry_id = a.charge_entry_id AND c.line = a.line AND c.occurred_at = a.occurred_at
LEFT JOIN accounting.amendment AS b
    ON b.charge_entry_id = a.charge_entry_id AND b.line = a.line AND b.occurred_at = a.occurred_at
    AND b.revision = a.revision - 1
JOIN accounting.current_line AS n
    ON n.entry_id = a.charge_entry_id AND n.line = a.line AND n.occurred_at = a.occurred_at
WHERE a.correction_no = %(correction_no)s
    AND a.entry_id >= %(first_entry_id)s AND a.entry_id < %(first_entry_id)s + 2 * %(lines)s
    AND (
        a.voided OR b.voided
        OR (a.person_no, a.project_no, a.department_no, a.billable, a.cost_rule_no, a.price_rule_no) <> (
            coalesce(b.person_no, c.person_no), coalesce(b.project_no, c.project_no),
            coalesce(b.department_no, c.department_no), coalesce(b.billable, c.billable),
            coalesce(b.cost_rule_no, c.cost_rule_no), coalesce(b.price_rule_no, c.price_rule_no)
        )
        OR a.cost_micro IS DISTINCT FROM CASE WHEN b.revision IS NULL THEN c.cost_micro ELSE b.cost_micro END
        OR a.price_micro IS DISTINCT FROM CASE WHEN b.revision IS NULL THEN c.price_micro ELSE b.price_micro END
    )

-- name: limit_time
SELECT set_config('statement_timeout', %(timeout_ms)s::text, true)

-- name: known_as_closed
-- Projects and departments that are known and not active.
SELECT kind, code FROM accounting.project
WHERE NOT active AND (kind = 'project' AND code = %(project)s OR kind = 'department' AND code = %(department)s)

-- name: person_no
WITH made AS (
    INSERT INTO accounting.person (key) SELECT %(key)s
    WHERE NOT EXISTS (SELECT FROM accounting.person WHERE key = %(key)s)
    ON CONFLICT (key) DO NOTHING RETURNING person_no
)
SELECT person_no FROM made UNION ALL SELECT person_no FROM accounting.person WHERE key = %(key)s

-- name: project_no
WITH made AS (
    INSERT INTO accounting.project_key (key) SELECT %(key)s
    WHERE NOT EXISTS (SELECT FROM accounting.project_key WHERE key = %(key)s)
    ON CONFLICT (key) DO NOTHING RETURNING project_no
)
SELECT project_no FROM made UNION ALL SELECT project_no FROM accounting.project_key WHERE key = %(key)s

-- name: department_no
WITH made AS (
    INSERT INTO accounting.department_key (key) SELECT %(key)s
    WHERE NOT EXISTS (SELECT FROM accounting.department_key WHERE key = %(key)s)
    ON CONFLICT (key) DO NOTHING RETURNING department_no
)
SELECT department_no FROM made UNION ALL SELECT department_no FROM accounting.department_key WHERE key = %(key)s

-- name: list_corrections
-- A page of corrections, the newest first.
SELECT h.correction_no, h.kind, h.actor, h.reason, h.made_at, h.lines, h.first_entry_id, h.undoes,
    u.correction_no AS undone_by, h.request
FROM accounting.correction AS h
LEFT JOIN accounting.correction AS u ON u.undoes = h.correction_no
WHERE (%(before)s::bigint IS NULL OR h.correction_no < %(before)s)
    AND (%(no)s::bigint IS NULL OR h.correction_no = %(no)s)
    AND (%(kind)s::text IS NULL OR h.kind = %(kind)s)
    AND (%(actor)s::text IS NULL OR h.actor = %(actor)s)
    AND (%(start)s::timestamptz IS NULL OR h.made_at >= %(start)s)
    AND (%(end)s::timestamptz IS NULL OR h.made_at < %(end)s)
ORDER BY h.correction_no DESC LIMIT %(limit)s

-- name: list_entries
-- A page of a correction's amendments in the order of their ids, which have no gap: so a page is a range of them.
SELECT a.entry_id, a.line, a.charge_entry_id, c.job_id, j.job_key, a.day, a.revision, a.voided,
    coalesce(b.voided, false) AS was_voided, w.key AS person, x.key AS project, d.key AS department, a.billable,
    a.cost_micro, a.price_micro, coalesce(a.counted & 1, c.jobs) AS jobs, coalesce(b.counted & 1, c.jobs) AS old_jobs,
    ow.key AS old_person, ox.key AS old_project, od.key AS old_department,
    coalesce(b.billable, c.billable) AS old_billable,
    CASE WHEN b.revision IS NULL THEN c.cost_micro ELSE b.cost_micro END AS old_cost_micro,
    CASE WHEN b.revision IS NULL THEN c.price_micro ELSE b.price_micro END AS old_price_micro
FROM accounting.amendment AS a
JOIN accounting.charge AS c ON c.entry_id = a.charge_entry_id AND c.line = a.line AND c.occurred_at = a.occurred_at
JOIN accounting.job AS j ON j.job_id = c.job_id
LEFT JOIN accounting.amendment AS b
    ON b.charge_entry_id = a.charge_entry_id AND b.line = a.line AND b.occurred_at = a.occurred_at
    AND b.revision = a.revision - 1
JOIN accounting.person AS w ON w.person_no = a.person_no
JOIN accounting.project_key AS x ON x.project_no = a.project_no
JOIN accounting.department_key AS d ON d.department_no = a.department_no
JOIN accounting.person AS ow ON ow.person_no = coalesce(b.person_no, c.person_no)
JOIN accounting.project_key AS ox ON ox.project_no = coalesce(b.project_no, c.project_no)
JOIN accounting.department_key AS od ON od.department_no = coalesce(b.department_no, c.department_no)
WHERE a.entry_id >= %(first)s AND a.entry_id < %(end)s
ORDER BY a.entry_id

-- name: unknown_job
-- One of these jobs that is not in the ledger.
SELECT asked FROM unnest(%(jobs)s::uuid[]) AS asked
WHERE NOT EXISTS (SELECT FROM accounting.job AS j WHERE j.job_id = asked) LIMIT 1
