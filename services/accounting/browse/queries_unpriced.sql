-- name: unpriced_lines
-- The lines that lack a cost or a price now: those that lacked one when they were posted or lack one since.
SELECT l.*
FROM (
    SELECT entry_id, line, occurred_at FROM accounting.charge
    WHERE unpriced_lines <> 0 AND occurred_at >= %(start)s AND occurred_at < %(end)s
    UNION
    SELECT charge_entry_id, line, occurred_at FROM accounting.amendment
    WHERE unpriced_lines <> 0 AND occurred_at >= %(start)s AND occurred_at < %(end)s
) AS u
JOIN accounting.current_line AS l ON l.entry_id = u.entry_id AND l.line = u.line AND l.occurred_at = u.occurred_at
WHERE l.unpriced_lines <> 0 AND NOT l.voided

-- name: unpriced_groups
-- Unpriced lines by why there is no amount, book, model, medium and category; those with most lines first.
SELECT g.book, g.rule_no, p.model, g.media_no, g.category_no, r.text AS reason, m.key AS media, c.key AS category,
    count(*) AS lines, count(DISTINCT g.job_id) AS jobs,
    coalesce(sum(g.used_area_mm2), 0) * 0.000001 AS used_area_m2,
    coalesce(sum(g.printed_area_mm2), 0) * 0.000001 AS printed_area_m2,
    min(g.occurred_at) AS first_seen, max(g.occurred_at) AS last_seen
FROM (
    SELECT 'cost' AS book, cost_rule_no AS rule_no, c.* FROM ({lines}) AS c
    WHERE cost_micro IS NULL AND (/*filters*/ true)
    UNION ALL
    SELECT 'price', price_rule_no, c.* FROM ({lines}) AS c WHERE price_micro IS NULL AND (/*filters*/ true)
) AS g
JOIN accounting.known_printer AS p USING (printer_no)
JOIN accounting.rule AS r ON r.rule_no = g.rule_no
JOIN accounting.media AS m USING (media_no)
JOIN accounting.category AS c USING (category_no)
GROUP BY g.book, g.rule_no, p.model, g.media_no, g.category_no, r.text, m.key, c.key
ORDER BY lines DESC, g.book, g.rule_no, p.model, g.media_no, g.category_no
LIMIT %(limit)s

-- name: unpriced_of_group
-- The lines of one group, by entry.
SELECT c.entry_id, c.line, c.last_entry_id || '.' || c.line AS charge_id, c.job_id, c.occurred_at AS completed_at,
    p.key AS printer, w.key AS person, x.key AS project, c.used_area_mm2 * 0.000001 AS used_area_m2,
    c.printed_area_mm2 * 0.000001 AS printed_area_m2
FROM ({lines}) AS c
JOIN accounting.known_printer AS p USING (printer_no)
JOIN accounting.person AS w USING (person_no)
JOIN accounting.project_key AS x USING (project_no)
WHERE CASE %(book)s WHEN 'cost' THEN c.cost_micro IS NULL AND c.cost_rule_no = %(rule_no)s
        ELSE c.price_micro IS NULL AND c.price_rule_no = %(rule_no)s END
    AND c.media_no = %(media_no)s AND c.category_no = %(category_no)s AND p.model = %(model)s
    AND (c.entry_id, c.line) > (%(after_entry)s, %(after_line)s)
ORDER BY c.entry_id, c.line
LIMIT %(limit)s

-- name: unpriced_span
-- When the first and the last unpriced line were completed; nothing without any.
SELECT min(occurred_at), max(occurred_at)
FROM (
    SELECT occurred_at FROM accounting.charge WHERE unpriced_lines <> 0
    UNION ALL
    SELECT occurred_at FROM accounting.amendment WHERE unpriced_lines <> 0
) AS u
