-- name: job_sums
-- What the lines of a job come to in their current state; a voided line counts nothing. For the lines `c` of one job.
-- Whom it counts for is what its first line that is not void says: the line stands in the bits above the number.
(min((c.voided::integer::bigint << 47) | (c.line::bigint << 32) | c.person_no) & 4294967295)::integer AS person_no,
(min((c.voided::integer::bigint << 47) | (c.line::bigint << 32) | c.project_no) & 4294967295)::integer AS project_no,
(min((c.voided::integer::bigint << 47) | (c.line::bigint << 32) | c.department_no) & 4294967295)::integer AS department_no,
min(c.kind) AS kind, min(c.outcome) AS outcome,
coalesce(bool_and(c.billable) FILTER (WHERE NOT c.voided), bool_and(c.billable)) AS billable,
sum(CASE WHEN c.voided THEN 0 ELSE c.printed_area_mm2 END) AS printed_area_mm2,
sum(CASE WHEN c.voided THEN 0 ELSE c.used_area_mm2 END) AS used_area_mm2,
sum(CASE WHEN c.voided THEN 0 ELSE c.ink_total_ul END) AS ink_total_ul,
sum(CASE WHEN c.voided THEN 0 ELSE c.impressions END) AS impressions,
sum(CASE WHEN c.voided THEN 0 ELSE c.sheets END) AS sheets,
sum(CASE WHEN c.voided THEN 0 ELSE c.cost_micro END) AS cost_micro,
sum(CASE WHEN c.voided THEN 0 ELSE c.price_micro END) AS price_micro,
sum(CASE WHEN c.voided THEN 0 ELSE c.unpriced_lines END) AS unpriced_lines,
bool_and(c.voided) AS voided, sum(c.revision) AS revisions

-- name: job_columns
-- What is shown of a job `j` with its sums `s`. A time of submission that no clock shows is none: what some sources
-- tell could not even be read.
SELECT j.job_id, j.job_key, j.device_job_id, j.title, o.key AS source, p.key AS printer,
    coalesce(nullif(p.name, ''), p.key) AS printer_name, w.key AS person, x.key AS project, d.key AS department,
    s.billable, k.code AS kind, u.code AS outcome, j.copies, j.lines,
    CASE WHEN j.submitted_at >= '2000-01-01 00:00+00' AND j.submitted_at < '2100-01-01 00:00+00' THEN j.submitted_at END
        AS submitted_at, j.completed_at, j.posted_at,
    s.printed_area_mm2 * 0.000001 AS printed_area_m2, s.used_area_mm2 * 0.000001 AS used_area_m2,
    s.ink_total_ul * 0.001 AS ink_ml, s.impressions::bigint, s.sheets::bigint, s.cost_micro * 0.000001 AS cost,
    s.price_micro * 0.000001 AS price, s.unpriced_lines::bigint, s.voided, s.revisions::bigint,
    j.entry_id || '.0' AS first_charge_id, s.sort_key
FROM /*page*/ AS s
JOIN accounting.job AS j USING (job_id)
JOIN accounting.printer AS p ON p.printer_no = j.printer_no
JOIN accounting.source AS o ON o.source_no = j.source_no
JOIN accounting.person AS w ON w.person_no = coalesce(s.person_no, j.person_no)
LEFT JOIN accounting.project_key AS x ON x.project_no = s.project_no
LEFT JOIN accounting.department_key AS d ON d.department_no = s.department_no
LEFT JOIN accounting.code AS k ON k.what = 'kind' AND k.no = s.kind
LEFT JOIN accounting.code AS u ON u.what = 'outcome' AND u.no = s.outcome

-- name: jobs_by_time
-- Job ids begin with the completion time: the index on them gives the order, and a page reads little more than itself.
SELECT j.job_id, s.*, NULL::text AS sort_key
FROM accounting.job AS j
CROSS JOIN LATERAL (
    SELECT /*sums*/, bool_or(/*filters*/ true) AS wanted
    FROM accounting.current_line AS c
    WHERE c.entry_id = j.entry_id AND c.occurred_at = j.completed_at
) AS s
WHERE j.job_id >= %(first_id)s AND j.job_id < %(end_id)s AND /*of_job*/ true AND s.wanted AND /*state*/ true
  AND (%(after_id)s::uuid IS NULL OR j.job_id /*beyond*/ %(after_id)s::uuid)
ORDER BY j.job_id /*direction*/
LIMIT %(limit)s

-- name: jobs_of_period
-- Every job of a period that is wanted, for other orders and for totals.
SELECT s.* FROM (
    SELECT c.job_id, c.printer_no, count(*) FILTER (WHERE NOT c.voided AND c.entry_kind <> 2) AS lines,
        /*sums*/, bool_or(/*filters*/ true) AS wanted
    FROM accounting.current_line AS c
    WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s AND /*of_job*/ true
    GROUP BY c.job_id, c.printer_no
) AS s
WHERE s.wanted AND /*state*/ true

-- name: jobs_sorted
SELECT s.* FROM (SELECT s.*, /*key*/ AS sort_key FROM (/*jobs*/) AS s /*names*/) AS s
WHERE %(after)s::text IS NULL OR (s.sort_key, s.job_id) /*beyond*/ (%(after)s/*type*/, %(after_id)s::uuid)
ORDER BY s.sort_key /*direction*/, s.job_id /*direction*/
LIMIT %(limit)s

-- name: job_totals
SELECT count(*) AS jobs, coalesce(sum(s.lines), 0)::bigint AS lines,
    coalesce(sum(s.printed_area_mm2), 0) * 0.000001 AS printed_area_m2,
    coalesce(sum(s.used_area_mm2), 0) * 0.000001 AS used_area_m2, coalesce(sum(s.ink_total_ul), 0) * 0.001 AS ink_ml,
    coalesce(sum(s.impressions), 0)::bigint AS impressions, coalesce(sum(s.sheets), 0)::bigint AS sheets,
    coalesce(sum(s.cost_micro), 0) * 0.000001 AS cost, coalesce(sum(s.price_micro), 0) * 0.000001 AS price,
    coalesce(sum(s.unpriced_lines), 0)::bigint AS unpriced_lines
FROM (/*jobs*/) AS s

-- name: charge_columns
-- What is shown of a ledger line `c`; an amendment is two of them.
SELECT c.entry_id || '.' || c.line AS charge_id, e.code AS entry_kind,
    c.follows_entry_id || '.' || c.follows_line AS follows, c.job_id, c.line, c.occurred_at AS completed_at,
    c.posted_at, c.day, p.key AS printer, coalesce(nullif(p.name, ''), p.key) AS printer_name, w.key AS person,
    x.key AS project, d.key AS department, c.billable, k.code AS kind, u.code AS outcome, m.key AS media,
    g.key AS category, c.printed_area_mm2 * 0.000001 AS printed_area_m2,
    c.used_area_mm2 * 0.000001 AS used_area_m2, c.ink_total_ul * 0.001 AS ink_ml, c.impressions, c.sheets,
    c.cost_micro * 0.000001 AS cost, cr.text AS cost_rule, c.price_micro * 0.000001 AS price,
    pr.text AS price_rule, c.correction_no AS correction_id, h.actor, h.reason, c.entry_id, c.sort_key
FROM /*page*/ AS c
JOIN accounting.printer AS p ON p.printer_no = c.printer_no
JOIN accounting.person AS w ON w.person_no = c.person_no
JOIN accounting.project_key AS x ON x.project_no = c.project_no
JOIN accounting.department_key AS d ON d.department_no = c.department_no
JOIN accounting.media AS m ON m.media_no = c.media_no
JOIN accounting.category AS g ON g.category_no = c.category_no
JOIN accounting.rule AS cr ON cr.rule_no = c.cost_rule_no
JOIN accounting.rule AS pr ON pr.rule_no = c.price_rule_no
JOIN accounting.code AS e ON e.what = 'entry_kind' AND e.no = c.entry_kind
JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
JOIN accounting.code AS u ON u.what = 'outcome' AND u.no = c.outcome
LEFT JOIN accounting.correction AS h ON h.correction_no = c.correction_no

-- name: charges_by_time
-- Each job's ledger lines are found by its entry; OFFSET 0 keeps the planner from reading all of them first.
SELECT c.*, NULL::text AS sort_key
FROM accounting.job AS j
CROSS JOIN LATERAL (
    SELECT * FROM accounting.leg AS l
    WHERE l.charge_entry_id = j.entry_id AND l.occurred_at = j.completed_at
    OFFSET 0
) AS c
WHERE j.job_id >= %(first_id)s AND j.job_id < %(end_id)s AND /*of_job*/ true AND /*filters*/ true
  AND (%(after_id)s::uuid IS NULL
    OR (j.job_id, c.line, c.entry_id) /*beyond*/ (%(after_id)s::uuid, %(after_line)s::int, %(after_entry)s::bigint))
ORDER BY j.job_id /*direction*/, c.line /*direction*/, c.entry_id /*direction*/
LIMIT %(limit)s

-- name: charges_sorted
SELECT c.* FROM (
    SELECT c.*, /*key*/ AS sort_key FROM accounting.leg AS c /*names*/
    WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s AND /*filters*/ true
) AS c
WHERE %(after)s::text IS NULL OR (c.sort_key, c.job_id, c.line, c.entry_id)
    /*beyond*/ (%(after)s/*type*/, %(after_id)s::uuid, %(after_line)s::int, %(after_entry)s::bigint)
ORDER BY c.sort_key /*direction*/, c.job_id /*direction*/, c.line /*direction*/, c.entry_id /*direction*/
LIMIT %(limit)s

-- name: charge_totals
-- Plain sums over all ledger lines; one that takes another back counts backwards.
SELECT count(*) FILTER (WHERE lines > 0) AS jobs, coalesce(sum(lines), 0)::bigint AS lines,
    coalesce(sum(entries), 0)::bigint AS entries,
    coalesce(sum(printed_area_mm2), 0) * 0.000001 AS printed_area_m2,
    coalesce(sum(used_area_mm2), 0) * 0.000001 AS used_area_m2, coalesce(sum(ink_total_ul), 0) * 0.001 AS ink_ml,
    coalesce(sum(impressions), 0)::bigint AS impressions, coalesce(sum(sheets), 0)::bigint AS sheets,
    coalesce(sum(cost_micro), 0) * 0.000001 AS cost, coalesce(sum(price_micro), 0) * 0.000001 AS price,
    coalesce(sum(unpriced_lines), 0)::bigint AS unpriced_lines
FROM (
    SELECT sum(c.leg) FILTER (WHERE c.charge_kind <> 2) AS lines, count(*) AS entries,
        sum(c.printed_area_mm2) AS printed_area_mm2, sum(c.used_area_mm2) AS used_area_mm2,
        sum(c.ink_total_ul) AS ink_total_ul, sum(c.impressions) AS impressions, sum(c.sheets) AS sheets,
        sum(c.cost_micro) AS cost_micro, sum(c.price_micro) AS price_micro, sum(c.unpriced_lines) AS unpriced_lines
    FROM accounting.leg AS c
    WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s AND /*filters*/ true
    GROUP BY c.job_id
) AS job

-- name: job_lines
-- The lines of one job in their current state.
SELECT c.entry_id || '.' || c.line AS charge_id, c.last_entry_id || '.' || c.line AS state_id, c.line,
    e.code AS line_kind, c.revision, c.voided, c.state_at, w.key AS person, x.key AS project, d.key AS department,
    c.billable, m.key AS media, g.key AS category, c.printed_area_mm2 * 0.000001 AS printed_area_m2,
    c.used_area_mm2 * 0.000001 AS used_area_m2, c.ink_total_ul * 0.001 AS ink_ml, c.impressions, c.sheets,
    c.cost_micro * 0.000001 AS cost, cr.text AS cost_rule, c.price_micro * 0.000001 AS price, pr.text AS price_rule
FROM accounting.job AS j
JOIN accounting.current_line AS c ON c.entry_id = j.entry_id AND c.occurred_at = j.completed_at
JOIN accounting.person AS w ON w.person_no = c.person_no
JOIN accounting.project_key AS x ON x.project_no = c.project_no
JOIN accounting.department_key AS d ON d.department_no = c.department_no
JOIN accounting.media AS m ON m.media_no = c.media_no
JOIN accounting.category AS g ON g.category_no = c.category_no
JOIN accounting.rule AS cr ON cr.rule_no = c.cost_rule_no
JOIN accounting.rule AS pr ON pr.rule_no = c.price_rule_no
JOIN accounting.code AS e ON e.what = 'entry_kind' AND e.no = c.entry_kind
WHERE j.job_id = %(job_id)s
ORDER BY c.line

-- name: job_history
-- All ledger lines of one job in the order they were posted.
SELECT c.*, NULL::text AS sort_key
FROM accounting.job AS j
CROSS JOIN LATERAL (
    SELECT * FROM accounting.leg AS l
    WHERE l.charge_entry_id = j.entry_id AND l.occurred_at = j.completed_at
    OFFSET 0
) AS c
WHERE j.job_id = %(job_id)s
