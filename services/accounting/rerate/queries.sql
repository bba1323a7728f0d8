-- name: name_printers
SELECT printer_no, key, serial, model, printer_group FROM accounting.known_printer

-- name: name_people
SELECT person_no, key FROM accounting.person

-- name: name_media
SELECT media_no, key FROM accounting.media

-- name: name_categories
SELECT category_no, key FROM accounting.category

-- name: name_ink_sets
SELECT ink_set_no, key FROM accounting.ink_set

-- name: name_finishings
SELECT finishing_no, key FROM accounting.finishing

-- name: name_projects
SELECT project_no, key FROM accounting.project_key

-- name: name_departments
SELECT department_no, key FROM accounting.department_key

-- name: largest_numbers
-- The largest number of each dimension: no line names another one.
SELECT 'printer_no', max(printer_no) FROM accounting.printer
UNION ALL SELECT 'person_no', max(person_no) FROM accounting.person
UNION ALL SELECT 'project_no', max(project_no) FROM accounting.project_key
UNION ALL SELECT 'department_no', max(department_no) FROM accounting.department_key
UNION ALL SELECT 'media_no', max(media_no) FROM accounting.media
UNION ALL SELECT 'category_no', max(category_no) FROM accounting.category
UNION ALL SELECT 'ink_set_no', max(ink_set_no) FROM accounting.ink_set
UNION ALL SELECT 'finishing_no', max(finishing_no) FROM accounting.finishing
UNION ALL SELECT 'cost_rule_no', max(rule_no) FROM accounting.rule
UNION ALL SELECT 'price_rule_no', max(rule_no) FROM accounting.rule

-- name: next_entry
-- The first entry of a month from some id on, and whether any line of the `step` ids from there on was amended.
SELECT n.entry_id, EXISTS (
    SELECT FROM accounting.amendment AS a
    WHERE a.occurred_at >= %(start)s AND a.occurred_at < %(end)s
        AND a.charge_entry_id >= n.entry_id AND a.charge_entry_id < n.entry_id + %(step)s
)
FROM (
    SELECT c.entry_id FROM accounting.charge AS c
    WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s AND c.entry_id >= %(since)s
    ORDER BY c.entry_id LIMIT 1
) AS n

-- name: amended_lines
-- The current state of the lines of a range of entries within one month.
SELECT c.entry_id, c.occurred_at, c.line, c.job_id, c.entry_kind, c.kind, c.outcome, c.colour_mode, c.printer_no,
    c.media_no, c.category_no, c.ink_set_no, c.finishing_no, c.printed_area_mm2, c.used_area_mm2, c.scan_area_mm2,
    c.roll_width_um, c.width_um, c.length_um, c.impressions, c.sheets, c.ink_ul, coalesce(a.revision, 0) AS revision,
    coalesce(a.voided, false) AS voided, coalesce(a.person_no, c.person_no) AS person_no,
    coalesce(a.project_no, c.project_no) AS project_no, coalesce(a.department_no, c.department_no) AS department_no,
    coalesce(a.billable, c.billable) AS billable,
    CASE WHEN a.revision IS NULL THEN c.cost_micro ELSE a.cost_micro END AS cost_micro,
    CASE WHEN a.revision IS NULL THEN c.price_micro ELSE a.price_micro END AS price_micro,
    coalesce(a.cost_rule_no, c.cost_rule_no) AS cost_rule_no, coalesce(a.price_rule_no, c.price_rule_no) AS price_rule_no,
    c.day, coalesce(CASE WHEN a.voided THEN a.entry_id ELSE a.entry_id + 1 END, c.entry_id) AS last_entry_id,
    coalesce(a.unpriced_lines, c.unpriced_lines) AS unpriced_lines, a.counted
FROM accounting.charge AS c
LEFT JOIN (
    SELECT DISTINCT ON (charge_entry_id, line) * FROM accounting.amendment
    WHERE occurred_at >= %(start)s AND occurred_at < %(end)s
        AND charge_entry_id >= %(since)s AND charge_entry_id < %(upto)s
    ORDER BY charge_entry_id, line, revision DESC
) AS a ON a.charge_entry_id = c.entry_id AND a.line = c.line
WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s AND c.entry_id >= %(since)s AND c.entry_id < %(upto)s

-- name: posted_lines
-- The same where none of the lines was amended.
SELECT c.*, 0 AS revision, false AS voided, c.entry_id AS last_entry_id, NULL::smallint AS counted
FROM accounting.charge AS c
WHERE c.occurred_at >= %(start)s AND c.occurred_at < %(end)s AND c.entry_id >= %(since)s AND c.entry_id < %(upto)s

-- name: read_lines
-- All lines of a range of entries, each column as one string of bytes; columns.py says what is sent.
SELECT {columns} FROM ({lines}) AS c

-- name: read_jobs
-- The same, but only the jobs of which the filters let any line pass.
SELECT {columns}
FROM (
    SELECT c.*, bool_or(c.wanted) OVER (PARTITION BY c.entry_id) AS is_read
    FROM (SELECT c.*, NOT c.voided AND (/*filters*/ true) AS wanted FROM ({lines}) AS c) AS c
) AS c
WHERE c.is_read

-- name: count_lines
SELECT count(*) FROM accounting.charge WHERE occurred_at >= %(start)s AND occurred_at < %(end)s

-- name: tell_project
SELECT k.project_no, k.key, coalesce(nullif(n.name, ''), k.key)
FROM accounting.project_key AS k LEFT JOIN accounting.project AS n ON n.kind = 'project' AND n.code = k.key
WHERE k.project_no = ANY (%(numbers)s)

-- name: tell_department
SELECT k.department_no, k.key, coalesce(nullif(n.name, ''), k.key)
FROM accounting.department_key AS k LEFT JOIN accounting.project AS n ON n.kind = 'department' AND n.code = k.key
WHERE k.department_no = ANY (%(numbers)s)

-- name: tell_printer
SELECT printer_no, key, coalesce(nullif(name, ''), key) FROM accounting.printer WHERE printer_no = ANY (%(numbers)s)

-- name: tell_person
SELECT person_no, key, coalesce(nullif(name, ''), key) FROM accounting.person WHERE person_no = ANY (%(numbers)s)

-- name: tell_media
SELECT media_no, key, coalesce(nullif(name, ''), key) FROM accounting.media WHERE media_no = ANY (%(numbers)s)

-- name: tell_category
SELECT category_no, key, key FROM accounting.category WHERE category_no = ANY (%(numbers)s)
