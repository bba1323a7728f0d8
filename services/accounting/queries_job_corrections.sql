-- name: claim
-- Keeps corrections that are new, of each job the first one; what is told again changes nothing.
WITH told AS (
    SELECT DISTINCT ON (corrects) *
    FROM unnest(
        %(corrects)s::uuid[], %(replaced_by)s::uuid[], %(entries)s::bigint[], %(hashes)s::bigint[],
        %(reasons)s::text[], %(words)s::text[], %(evidence)s::jsonb[]
    ) WITH ORDINALITY AS t(corrects, replaced_by, entry_id, said_hash, reason, words, evidence, at)
    ORDER BY corrects, at
), kept AS (
    INSERT INTO accounting.job_correction (
        corrects, replaced_by, entry_id, said_hash, posted_at, reason, words, evidence
    )
    SELECT corrects, replaced_by, entry_id, said_hash, %(posted_at)s, reason, words, evidence FROM told
    ORDER BY corrects
    ON CONFLICT DO NOTHING
    RETURNING corrects
)
INSERT INTO accounting.waiting_correction SELECT corrects FROM kept

-- name: contradicted
-- Entries of corrections that tell something else of a job than the one that was kept.
SELECT t.entry_id
FROM unnest(%(corrects)s::uuid[], %(entries)s::bigint[], %(hashes)s::bigint[]) AS t(corrects, entry_id, said_hash)
JOIN accounting.job_correction AS c USING (corrects)
WHERE c.said_hash <> t.said_hash

-- name: any_due
-- Whether a correction waits for a job that is posted. Job by job: there are few that wait, and very many jobs.
SELECT EXISTS (
    SELECT FROM accounting.waiting_correction AS w
    CROSS JOIN LATERAL (SELECT FROM accounting.job AS j WHERE j.job_id = w.corrects LIMIT 1) AS posted
)

-- name: find_due
-- What is to be voided now, and by which correction.
CREATE TEMPORARY TABLE IF NOT EXISTS due_correction (
    corrects uuid NOT NULL, replaced_by uuid, entry_id bigint NOT NULL, completed_at timestamptz NOT NULL,
    reason text NOT NULL, words text NOT NULL
) ON COMMIT DELETE ROWS;
TRUNCATE pg_temp.due_correction;
INSERT INTO pg_temp.due_correction
SELECT c.corrects, c.replaced_by, posted.entry_id, posted.completed_at, c.reason, c.words
FROM accounting.waiting_correction AS w
JOIN accounting.job_correction AS c USING (corrects)
CROSS JOIN LATERAL (
    SELECT j.entry_id, j.completed_at FROM accounting.job AS j WHERE j.job_id = w.corrects LIMIT 1
) AS posted;
ANALYZE pg_temp.due_correction

-- name: due_reasons
-- One change for each reason, with the words of its corrections where all say the same.
SELECT reason, count(*), min(words), min(words) = max(words), (array_agg(corrects::text ORDER BY corrects))[1:100]
FROM pg_temp.due_correction GROUP BY reason ORDER BY reason

-- name: stage_void
INSERT INTO pg_temp.staged_amendment (
    charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
    price_rule_no, based_on, line, billable, voided
)
SELECT c.entry_id, c.occurred_at, c.cost_micro, c.price_micro, c.person_no, c.project_no, c.department_no,
    c.cost_rule_no, c.price_rule_no, c.revision, c.line, c.billable, true
FROM pg_temp.due_correction AS d
CROSS JOIN LATERAL (
    SELECT * FROM accounting.current_line AS l WHERE l.entry_id = d.entry_id AND l.occurred_at = d.completed_at
) AS c
WHERE d.reason = %(reason)s AND NOT c.voided

-- name: stage_carried
-- What was changed by hand on a job goes with whatever stands in its place in the end: whom it counts for, whether it
-- is billable, that it is void. By line, and from the first line where the job had fewer. A minimum charge goes with the
-- one before; that it is void only where it alone was: else it follows from the lines.
WITH RECURSIVE chain AS (
    SELECT entry_id, completed_at, replaced_by AS job_id, 1 AS depth
    FROM pg_temp.due_correction WHERE replaced_by IS NOT NULL
    UNION ALL
    SELECT c.entry_id, c.completed_at, n.replaced_by, c.depth + 1
    FROM chain AS c JOIN accounting.job_correction AS n ON n.corrects = c.job_id
    WHERE n.replaced_by IS NOT NULL AND c.depth < 100
), told AS (
    SELECT c.job_id, s.line, s.entry_kind,
        s.voided AND (s.entry_kind = 1 OR bool_or(s.entry_kind = 1 AND NOT s.voided) OVER of_job) AS voided,
        nullif(s.person_no, f.person_no) AS person_no, nullif(s.project_no, f.project_no) AS project_no,
        nullif(s.department_no, f.department_no) AS department_no,
        CASE WHEN s.billable <> f.billable THEN s.billable END AS billable,
        bool_or(s.revision > 0) OVER of_job AS is_changed
    FROM chain AS c
    CROSS JOIN LATERAL (
        SELECT * FROM accounting.current_line AS l
        WHERE l.entry_id = c.entry_id AND l.occurred_at = c.completed_at
    ) AS s
    JOIN accounting.charge AS f ON f.entry_id = s.entry_id AND f.line = s.line AND f.occurred_at = s.occurred_at
    WHERE NOT EXISTS (SELECT FROM accounting.job_correction AS n WHERE n.corrects = c.job_id)
    WINDOW of_job AS (PARTITION BY c.job_id, c.entry_id)
)
INSERT INTO pg_temp.staged_amendment (
    charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
    price_rule_no, based_on, line, billable, voided
)
SELECT DISTINCT ON (t.entry_id, t.line) t.entry_id, t.occurred_at, t.cost_micro, t.price_micro,
    coalesce(s.person_no, t.person_no), coalesce(s.project_no, t.project_no),
    coalesce(s.department_no, t.department_no), t.cost_rule_no, t.price_rule_no, t.revision, t.line,
    coalesce(s.billable, t.billable), t.voided OR (s.voided AND s.entry_kind = t.entry_kind)
FROM told AS s
JOIN accounting.job AS j ON j.job_id = s.job_id
CROSS JOIN LATERAL (
    SELECT * FROM accounting.current_line AS l
    WHERE l.entry_id = j.entry_id AND l.occurred_at = j.completed_at
) AS t
WHERE s.is_changed AND (s.line = 0 OR s.entry_kind = t.entry_kind AND (s.entry_kind = 2 OR s.line = t.line))
ORDER BY t.entry_id, t.line, s.line DESC

-- name: settled
DELETE FROM accounting.waiting_correction WHERE corrects IN (SELECT corrects FROM pg_temp.due_correction)
