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
