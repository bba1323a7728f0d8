-- name: printers
INSERT INTO accounting.printer (key, name, model, serial, printer_group)
SELECT 'plotter-' || lpad(n::text, 4, '0'), 'Plotter ' || n, (%(models)s::text[])[1 + n %% cardinality(%(models)s::text[])],
    'SN' || lpad(n::text, 8, '0'), 'group-' || n %% 12
FROM generate_series(0, %(printers)s - 1) AS n ON CONFLICT DO NOTHING

-- name: keys
-- Keys of the other dimensions, numbered as their names are.
WITH person AS (
    INSERT INTO accounting.person (key, name, department)
    SELECT 'user' || lpad(n::text, 5, '0'), 'Person ' || n, 'D-' || n %% %(departments)s
    FROM generate_series(0, %(people)s - 1) AS n ON CONFLICT DO NOTHING
), project AS (
    INSERT INTO accounting.project_key (key)
    SELECT 'P-' || lpad(n::text, 5, '0') FROM generate_series(0, %(projects)s - 1) AS n ON CONFLICT DO NOTHING
), department AS (
    INSERT INTO accounting.department_key (key)
    SELECT 'D-' || n FROM generate_series(0, %(departments)s - 1) AS n ON CONFLICT DO NOTHING
), source AS (
    INSERT INTO accounting.source (key) VALUES ('ipp') ON CONFLICT DO NOTHING
), ink_set AS (
    INSERT INTO accounting.ink_set (key) VALUES (%(ink_set)s) ON CONFLICT DO NOTHING
), category AS (
    INSERT INTO accounting.category (key) SELECT unnest(%(categories)s::text[]) ON CONFLICT DO NOTHING
)
INSERT INTO accounting.media (key, name) SELECT m, 'Medium ' || m FROM unnest(%(media)s::text[]) AS m
ON CONFLICT DO NOTHING

-- name: places
-- What the rows are drawn from, each numbered from 0 on.
CREATE TEMPORARY TABLE drawn_printer AS
SELECT (row_number() OVER (ORDER BY key) - 1)::integer AS n, printer_no, model FROM accounting.printer
WHERE key LIKE 'plotter-%';
CREATE TEMPORARY TABLE drawn_person AS
SELECT (row_number() OVER (ORDER BY key) - 1)::integer AS n, person_no FROM accounting.person WHERE key LIKE 'user%';
CREATE TEMPORARY TABLE drawn_project AS
SELECT (row_number() OVER (ORDER BY key) - 1)::integer AS n, project_no FROM accounting.project_key
WHERE key LIKE 'P-%';
CREATE TEMPORARY TABLE drawn_department AS
SELECT (row_number() OVER (ORDER BY key) - 1)::integer AS n, department_no FROM accounting.department_key
WHERE key LIKE 'D-%';
CREATE TEMPORARY TABLE drawn_rate (
    model text, media_at integer, category_at integer, tells_ink boolean, media_no integer, category_no integer,
    cost_rule_no integer, cost_printed bigint, cost_used bigint, cost_ink bigint, cost_denominator bigint,
    cost_step bigint, price_rule_no integer, price_printed bigint, price_used bigint, price_ink bigint,
    price_denominator bigint, price_step bigint
);
CREATE FUNCTION pg_temp.rounded(n bigint, d bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT n / d + CASE WHEN 2 * (n % d) > d OR (2 * (n % d) = d AND (n / d) & 1 = 1) THEN 1 ELSE 0 END
$$

-- name: draw
-- Jobs of a stretch of time, as they were told: the hash of a job's number decides everything about it.
CREATE TEMPORARY TABLE drawn AS
SELECT j.n, %(first_entry)s::bigint + j.n AS entry_id, j.completed_at, j.completed_at + interval '2 seconds' AS posted_at,
    (lpad(to_hex((extract(epoch FROM j.completed_at) * 1000)::bigint), 12, '0') || '8'
        || substr(md5(j.n::text), 1, 3) || 'a' || substr(md5(j.n::text), 4, 15))::uuid AS job_id,
    p.printer_no, p.n AS printer_at, p.model, w.person_no, x.project_no, d.department_no,
    CASE WHEN j.h %% 100 < 80 THEN 1 WHEN j.h %% 100 < 93 THEN 2 ELSE 3 END AS lines, j.h
FROM (
    SELECT n, (hashint8extended(n, 1) & 9007199254740991) AS h,
        date_trunc('milliseconds', %(start)s::timestamptz + (%(end)s::timestamptz - %(start)s::timestamptz)
            * ((n - %(first)s)::double precision / %(jobs)s)) AS completed_at
    FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(jobs)s - 1) AS n
) AS j
JOIN drawn_printer AS p ON p.n = j.h / 100 %% %(printers)s
JOIN drawn_person AS w ON w.n = j.h / 100000 %% %(people)s
JOIN drawn_project AS x ON x.n = (j.h / 700000000) %% %(projects)s
JOIN drawn_department AS d ON d.n = w.n %% %(departments)s

-- name: post_jobs
INSERT INTO accounting.job (entry_id, payload_hash, completed_at, posted_at, job_id, printer_no, person_no, source_no,
    copies, lines, measured, authenticated, job_key, device_job_id, title)
SELECT d.entry_id, hashint8extended(d.n, 2), d.completed_at, d.posted_at, d.job_id, d.printer_no, d.person_no,
    s.source_no, 1, d.lines, 1, false, 'plotter-' || d.printer_at || '/' || d.n || '/'
    || to_char(d.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), d.n::text, 'plan ' || d.n || '.pdf'
FROM drawn AS d, accounting.source AS s WHERE s.key = 'ipp'
ORDER BY d.entry_id

-- name: post_charges
-- Lines of one job differ in their medium; its category is one in all of them.
INSERT INTO accounting.charge (entry_id, occurred_at, posted_at, job_id, printed_area_mm2, used_area_mm2, width_um,
    length_um, roll_width_um, ink_total_ul, cost_micro, price_micro, day, printer_no, person_no, project_no,
    department_no, media_no, category_no, quality_no, finishing_no, ink_set_no, cost_rule_no, price_rule_no,
    impressions, sheets, line, entry_kind, kind, outcome, category_by, colour_mode, jobs, media_jobs, category_jobs,
    unpriced_lines, billable, ink_ul)
SELECT l.entry_id, l.completed_at, l.posted_at, l.job_id, l.printed_mm2, l.used_mm2, 594000, l.length_um, 914400,
    CASE WHEN l.tells_ink THEN l.ink_total END, a.cost_micro, a.price_micro,
    (l.completed_at AT TIME ZONE 'UTC')::date, l.printer_no, l.person_no, l.project_no, l.department_no, r.media_no,
    r.category_no, 0, 0, CASE WHEN l.tells_ink THEN i.ink_set_no ELSE 0 END, r.cost_rule_no, r.price_rule_no, 1, 1,
    l.line, 1, 1, CASE WHEN l.h %% 50 = 0 THEN 2 ELSE 1 END, 1, 2, (l.line = 0)::integer, 1, (l.line = 0)::integer,
    (a.cost_micro IS NULL OR a.price_micro IS NULL)::integer, l.h %% 5 <> 0,
    CASE WHEN l.tells_ink THEN ARRAY[l.ink, l.ink + 7, l.ink + 1, l.ink + 2] END
FROM (
    SELECT d.*, line, 594 * (length_um / 1000) AS printed_mm2, length_um * 914400 / 1000000 AS used_mm2, length_um,
        d.printer_at %% 4 = 0 AS tells_ink, 20 + (d.h / 17 + line) %% 400 AS ink,
        4 * (20 + (d.h / 17 + line) %% 400) + 10 AS ink_total,
        (d.h / 31 + line) %% %(media)s AS media_at,
        CASE WHEN d.h / 1000 %% 1000 < %(unpriced_thousandths)s THEN %(categories)s - 1
            ELSE d.h / 53 %% (%(categories)s - 1) END AS category_at
    FROM drawn AS d
    CROSS JOIN LATERAL (
        SELECT line, 420000 + (d.h / 7 + line * 7919) %% 1380 * 1000 AS length_um FROM generate_series(0, d.lines - 1) AS line
    ) AS g
) AS l
JOIN drawn_rate AS r ON r.model = l.model AND r.media_at = l.media_at AND r.category_at = l.category_at
    AND r.tells_ink = l.tells_ink
CROSS JOIN LATERAL (
    SELECT pg_temp.rounded(r.cost_printed * l.printed_mm2 + r.cost_used * l.used_mm2
            + CASE WHEN l.tells_ink THEN r.cost_ink * l.ink_total ELSE 0 END, r.cost_denominator) * r.cost_step AS cost_micro,
        pg_temp.rounded(r.price_printed * l.printed_mm2 + r.price_used * l.used_mm2
            + CASE WHEN l.tells_ink THEN r.price_ink * l.ink_total ELSE 0 END, r.price_denominator) * r.price_step AS price_micro
) AS a
JOIN accounting.ink_set AS i ON i.key = %(ink_set)s
ORDER BY l.entry_id, l.line

-- name: forget_drawn
DROP TABLE drawn

-- name: move_offset
INSERT INTO accounting.offsets (topic, partition, next_offset, epoch, stream_no)
SELECT %(topic)s, 0, %(next_offset)s, 1, stream_no FROM accounting.stream WHERE topic = %(topic)s
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset

-- name: told
-- What is drawn was not printed: the relay has nothing to tell of it.
INSERT INTO accounting.relay_cursor (topic, partition, next_offset) VALUES (%(topic)s, 0, %(next_offset)s)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset
