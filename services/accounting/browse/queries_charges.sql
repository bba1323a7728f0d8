-- name: charge
-- All that is needed to compute one state of a line of the ledger again; state 0 is what was charged first. All lines
-- of its job, as all of them together may decide.
SELECT c.entry_id, c.line, le.code AS line_kind, c.job_id::text, j.job_key, c.occurred_at,
    coalesce(a.posted_at, c.posted_at) AS posted_at,
    p.key AS printer_id, p.name AS printer_name, p.model, p.serial, p.printer_group,
    k.code AS kind, m.key AS media, g.key AS category, cb.code AS category_by, cm.code AS colour_mode,
    c.printed_area_mm2, c.used_area_mm2, c.scan_area_mm2, c.roll_width_um, c.width_um, c.length_um,
    i.key AS ink_colours, c.ink_ul, c.impressions, c.sheets, o.code AS outcome, f.key AS finishing_codes,
    x.key AS project, d.key AS department,
    (SELECT customer FROM accounting.project WHERE kind = 'project' AND code = x.key) AS customer,
    CASE WHEN a.revision IS NULL THEN c.cost_micro ELSE a.cost_micro END AS cost_micro,
    cr.list_id AS cost_list_id, cr.text AS cost_rule,
    CASE WHEN a.revision IS NULL THEN c.price_micro ELSE a.price_micro END AS price_micro,
    pr.list_id AS price_list_id, pr.text AS price_rule
FROM accounting.charge AS c
LEFT JOIN accounting.amendment AS a
    ON a.charge_entry_id = c.entry_id AND a.line = c.line AND a.occurred_at = c.occurred_at
    AND a.revision = %(revision)s
JOIN accounting.job AS j USING (job_id)
JOIN accounting.known_printer AS p ON p.printer_no = c.printer_no
JOIN accounting.media AS m USING (media_no)
JOIN accounting.category AS g USING (category_no)
JOIN accounting.ink_set AS i USING (ink_set_no)
JOIN accounting.finishing AS f USING (finishing_no)
JOIN accounting.project_key AS x ON x.project_no = coalesce(a.project_no, c.project_no)
JOIN accounting.department_key AS d ON d.department_no = coalesce(a.department_no, c.department_no)
JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome
JOIN accounting.rule AS cr ON cr.rule_no = coalesce(a.cost_rule_no, c.cost_rule_no)
JOIN accounting.rule AS pr ON pr.rule_no = coalesce(a.price_rule_no, c.price_rule_no)
JOIN accounting.code AS le ON le.what = 'entry_kind' AND le.no = c.entry_kind
JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
LEFT JOIN accounting.code AS cb ON cb.what = 'category_by' AND cb.no = c.category_by
LEFT JOIN accounting.code AS cm ON cm.what = 'colour_mode' AND cm.no = c.colour_mode
WHERE c.entry_id = %(entry_id)s
ORDER BY c.line

-- name: job_sums
-- What the job's own lines came to at a moment, for the line that brings it up to a minimum; NULL where one has no
-- amount.
SELECT CASE WHEN coalesce(sum(leg) FILTER (WHERE cost_micro IS NULL), 0) = 0 THEN sum(cost_micro)::bigint END
        AS cost_micro,
    CASE WHEN coalesce(sum(leg) FILTER (WHERE price_micro IS NULL), 0) = 0 THEN sum(price_micro)::bigint END
        AS price_micro
FROM accounting.leg
WHERE charge_entry_id = %(entry_id)s AND line < %(line)s AND posted_at <= %(posted_at)s

-- name: published_history
-- Every published version with when it was published, for the list of those considered.
SELECT id, name, version, book, valid_from, published_at, valid_until
FROM accounting.price_list WHERE state = 'published' ORDER BY name, version

-- name: assignments_of_line
-- Every list that was ever assigned to what a line is of, or by default, in order.
SELECT book, level, key, name, assigned_at
FROM accounting.price_assignment
WHERE level = 'default' OR (level, key) IN (SELECT * FROM unnest(%(levels)s::text[], %(keys)s::text[]))
ORDER BY no
