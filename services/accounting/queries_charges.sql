-- name: list_charges
-- A page of ledger lines, the last completed first. Job ids begin with the completion time, so that the index on
-- them gives the order; each job's lines are then found by its entry.
SELECT c.entry_id || '.' || c.line AS charge_id, e.code AS entry_kind, j.job_id, c.line,
    c.occurred_at AS completed_at, c.posted_at, p.key AS printer, coalesce(nullif(p.name, ''), p.key) AS printer_name,
    w.key AS person, x.key AS project, d.key AS department, c.billable, k.code AS kind, o.code AS outcome,
    m.key AS media, g.key AS category, c.printed_area_mm2 * 0.000001 AS printed_area_m2,
    c.used_area_mm2 * 0.000001 AS used_area_m2, c.ink_total_ul * 0.001 AS ink_ml, c.impressions, c.sheets,
    c.cost_micro * 0.000001 AS cost, cr.text AS cost_rule, c.price_micro * 0.000001 AS price, pr.text AS price_rule
FROM accounting.job AS j
JOIN accounting.charge AS c ON c.entry_id = j.entry_id AND c.occurred_at = j.completed_at
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
JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome
WHERE j.job_id >= %(first_id)s AND j.job_id < %(end_id)s
  AND (%(printer)s::text IS NULL OR p.key = %(printer)s)
  AND (%(person)s::text IS NULL OR w.key = %(person)s)
  AND (%(project)s::text IS NULL OR x.key = %(project)s)
  AND (NOT %(unpriced)s OR c.cost_micro IS NULL OR c.price_micro IS NULL)
  AND (%(after_id)s::uuid IS NULL OR (j.job_id, c.line) < (%(after_id)s::uuid, %(after_line)s::integer))
ORDER BY j.job_id DESC, c.line DESC
LIMIT %(limit)s

-- name: list_jobs
-- A page of jobs, the last completed first; see list_charges.
SELECT j.job_id, j.job_key, j.device_job_id, j.title, j.source, j.printer, j.printer_name, j.person, j.project,
    j.department, j.billable, j.kind, j.outcome, j.copies, j.lines, j.completed_at, j.posted_at, j.printed_area_m2,
    j.used_area_m2, j.ink_ml, j.impressions, j.sheets, j.cost, j.price, j.unpriced_lines,
    (SELECT entry_id || '.0' FROM accounting.job WHERE job_id = j.job_id) AS first_charge_id
FROM inkmeter.jobs AS j
WHERE j.job_id >= %(first_id)s AND j.job_id < %(end_id)s
  AND (%(printer)s::text IS NULL OR j.printer = %(printer)s)
  AND (%(person)s::text IS NULL OR j.person = %(person)s)
  AND (%(project)s::text IS NULL OR j.project = %(project)s)
  AND (NOT %(unpriced)s OR j.unpriced_lines > 0)
ORDER BY j.job_id DESC
LIMIT %(limit)s

-- name: charge
-- All that is needed to compute one line of the ledger again.
SELECT c.entry_id, c.line, e.code AS entry_kind, c.job_id::text, j.job_key, c.occurred_at, c.posted_at,
    p.key AS printer_id, p.name AS printer_name, p.model, p.serial, p.printer_group,
    k.code AS kind, m.key AS media, g.key AS category, cb.code AS category_by, cm.code AS colour_mode,
    c.printed_area_mm2, c.used_area_mm2, c.scan_area_mm2, c.roll_width_um, c.width_um, c.length_um,
    i.key AS ink_colours, c.ink_ul, c.impressions, c.sheets,
    c.cost_micro, cr.list_id AS cost_list_id, cr.text AS cost_rule,
    c.price_micro, pr.list_id AS price_list_id, pr.text AS price_rule
FROM accounting.charge AS c
JOIN accounting.job AS j USING (job_id)
JOIN accounting.printer AS p ON p.printer_no = c.printer_no
JOIN accounting.media AS m USING (media_no)
JOIN accounting.category AS g USING (category_no)
JOIN accounting.ink_set AS i USING (ink_set_no)
JOIN accounting.rule AS cr ON cr.rule_no = c.cost_rule_no
JOIN accounting.rule AS pr ON pr.rule_no = c.price_rule_no
JOIN accounting.code AS e ON e.what = 'entry_kind' AND e.no = c.entry_kind
JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
LEFT JOIN accounting.code AS cb ON cb.what = 'category_by' AND cb.no = c.category_by
LEFT JOIN accounting.code AS cm ON cm.what = 'colour_mode' AND cm.no = c.colour_mode
WHERE c.entry_id = %(entry_id)s AND c.line = %(line)s

-- name: job_sums
-- What the job's own lines came to, for the line that brings it up to a minimum; NULL where one has no amount.
SELECT CASE WHEN bool_and(cost_micro IS NOT NULL) THEN sum(cost_micro)::bigint END AS cost_micro,
    CASE WHEN bool_and(price_micro IS NOT NULL) THEN sum(price_micro)::bigint END AS price_micro
FROM accounting.charge WHERE entry_id = %(entry_id)s AND line < %(line)s

-- name: published_history
-- Every published version with when it was published, for the list of those considered.
SELECT id, name, version, book, valid_from, published_at
FROM accounting.price_list WHERE state = 'published' ORDER BY name, version

-- name: default_history
SELECT book, name, assigned_at AS named_at
FROM accounting.price_assignment WHERE level = 'default' AND name IS NOT NULL
ORDER BY no
