-- name: next_chunk
-- The end of the next chunk of entries of one month: the id of the entry after so many lines, none for the last one.
SELECT c.entry_id FROM accounting.charge AS c
WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s AND c.entry_id > %(after)s
ORDER BY c.entry_id OFFSET %(lines)s LIMIT 1

-- name: read_lines
-- The current state of the lines of a range of entries within one month, as packed columns; see lines.py for them.
-- `filters` leaves whole jobs of which it wants any line.
SELECT {columns}
FROM (
    SELECT {packed}
    FROM (
        SELECT c.entry_id, c.occurred_at, c.line, c.job_id, c.entry_kind, c.kind, c.outcome, c.colour_mode, c.printer_no, c.media_no,
            c.category_no, c.ink_set_no, c.finishing_no, c.printed_area_mm2, c.used_area_mm2, c.scan_area_mm2,
            c.roll_width_um, c.width_um, c.length_um, c.impressions, c.sheets, c.ink_ul,
            coalesce(a.revision, 0) AS revision, coalesce(a.voided, false) AS voided,
            coalesce(a.person_no, c.person_no) AS person_no, coalesce(a.project_no, c.project_no) AS project_no,
            coalesce(a.department_no, c.department_no) AS department_no, coalesce(a.billable, c.billable) AS billable,
            CASE WHEN a.revision IS NULL THEN c.cost_micro ELSE a.cost_micro END AS cost_micro,
            CASE WHEN a.revision IS NULL THEN c.price_micro ELSE a.price_micro END AS price_micro,
            coalesce(a.cost_rule_no, c.cost_rule_no) AS cost_rule_no,
            coalesce(a.price_rule_no, c.price_rule_no) AS price_rule_no,
            coalesce(a.unpriced_lines, c.unpriced_lines) AS unpriced_lines
        FROM accounting.charge AS c
        LEFT JOIN (
            SELECT DISTINCT ON (charge_entry_id, line) * FROM accounting.amendment
            WHERE occurred_at >= %(start)s AND occurred_at < %(end)s
                AND charge_entry_id > %(after)s AND charge_entry_id < %(upto)s
            ORDER BY charge_entry_id, line, revision DESC
        ) AS a ON a.charge_entry_id = c.entry_id AND a.line = c.line
        WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s
            AND c.entry_id > %(after)s AND c.entry_id < %(upto)s
    ) AS c
) AS packed
