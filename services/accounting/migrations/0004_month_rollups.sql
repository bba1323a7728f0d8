-- Sums by month of what has many keys a day, and one function that answers every summary from the narrowest sums.

CREATE TABLE accounting.rollup_person_month (
    month date NOT NULL CHECK (extract(day FROM month) = 1), person_no integer NOT NULL,
    jobs bigint NOT NULL, printed_area_mm2 bigint NOT NULL, used_area_mm2 bigint NOT NULL, ink_ul bigint NOT NULL,
    impressions bigint NOT NULL, sheets bigint NOT NULL, cost_micro bigint NOT NULL, price_micro bigint NOT NULL,
    unpriced_lines bigint NOT NULL,
    PRIMARY KEY (month, person_no)
) WITH (fillfactor = 70);
CREATE TABLE accounting.rollup_printer_month (
    month date NOT NULL CHECK (extract(day FROM month) = 1), printer_no integer NOT NULL, kind smallint NOT NULL,
    jobs bigint NOT NULL, printed_area_mm2 bigint NOT NULL, used_area_mm2 bigint NOT NULL, ink_ul bigint NOT NULL,
    impressions bigint NOT NULL, sheets bigint NOT NULL, cost_micro bigint NOT NULL, price_micro bigint NOT NULL,
    unpriced_lines bigint NOT NULL,
    PRIMARY KEY (month, printer_no, kind)
) WITH (fillfactor = 70);
CREATE TABLE accounting.rollup_project_month (
    month date NOT NULL CHECK (extract(day FROM month) = 1), project_no integer NOT NULL,
    jobs bigint NOT NULL, printed_area_mm2 bigint NOT NULL, used_area_mm2 bigint NOT NULL, ink_ul bigint NOT NULL,
    impressions bigint NOT NULL, sheets bigint NOT NULL, cost_micro bigint NOT NULL, price_micro bigint NOT NULL,
    unpriced_lines bigint NOT NULL,
    PRIMARY KEY (month, project_no)
) WITH (fillfactor = 70);
CREATE TABLE accounting.rollup_department_month (
    month date NOT NULL CHECK (extract(day FROM month) = 1), department_no integer NOT NULL,
    jobs bigint NOT NULL, printed_area_mm2 bigint NOT NULL, used_area_mm2 bigint NOT NULL, ink_ul bigint NOT NULL,
    impressions bigint NOT NULL, sheets bigint NOT NULL, cost_micro bigint NOT NULL, price_micro bigint NOT NULL,
    unpriced_lines bigint NOT NULL,
    PRIMARY KEY (month, department_no)
) WITH (fillfactor = 70);

-- Projects and departments are asked for one at a time: together they have nearly as many cells as there are lines.
CREATE TABLE accounting.rollup_by_project (
    day date NOT NULL, project_no integer NOT NULL,
    jobs bigint NOT NULL, printed_area_mm2 bigint NOT NULL, used_area_mm2 bigint NOT NULL, ink_ul bigint NOT NULL,
    impressions bigint NOT NULL, sheets bigint NOT NULL, cost_micro bigint NOT NULL, price_micro bigint NOT NULL,
    unpriced_lines bigint NOT NULL,
    PRIMARY KEY (day, project_no)
) WITH (fillfactor = 70);
CREATE TABLE accounting.rollup_department (
    day date NOT NULL, department_no integer NOT NULL,
    jobs bigint NOT NULL, printed_area_mm2 bigint NOT NULL, used_area_mm2 bigint NOT NULL, ink_ul bigint NOT NULL,
    impressions bigint NOT NULL, sheets bigint NOT NULL, cost_micro bigint NOT NULL, price_micro bigint NOT NULL,
    unpriced_lines bigint NOT NULL,
    PRIMARY KEY (day, department_no)
) WITH (fillfactor = 70);

-- No writer may move the old sums on from here to the end.
LOCK TABLE accounting.offsets IN EXCLUSIVE MODE;
INSERT INTO accounting.rollup_printer_month
SELECT date_trunc('month', day)::date, printer_no, kind, sum(jobs), sum(printed_area_mm2), sum(used_area_mm2),
    sum(ink_ul), sum(impressions), sum(sheets), sum(cost_micro), sum(price_micro), sum(unpriced_lines)
FROM accounting.rollup_printer GROUP BY 1, 2, 3;
INSERT INTO accounting.rollup_person_month
SELECT date_trunc('month', day)::date, person_no, sum(jobs), sum(printed_area_mm2), sum(used_area_mm2), sum(ink_ul),
    sum(impressions), sum(sheets), sum(cost_micro), sum(price_micro), sum(unpriced_lines)
FROM accounting.rollup_person GROUP BY 1, 2;
INSERT INTO accounting.rollup_project_month
SELECT date_trunc('month', day)::date, project_no, sum(jobs), sum(printed_area_mm2), sum(used_area_mm2), sum(ink_ul),
    sum(impressions), sum(sheets), sum(cost_micro), sum(price_micro), sum(unpriced_lines)
FROM accounting.rollup_project GROUP BY 1, 2;
INSERT INTO accounting.rollup_department_month
SELECT date_trunc('month', day)::date, department_no, sum(jobs), sum(printed_area_mm2), sum(used_area_mm2), sum(ink_ul),
    sum(impressions), sum(sheets), sum(cost_micro), sum(price_micro), sum(unpriced_lines)
FROM accounting.rollup_project GROUP BY 1, 2;
INSERT INTO accounting.rollup_by_project
SELECT day, project_no, sum(jobs), sum(printed_area_mm2), sum(used_area_mm2), sum(ink_ul),
    sum(impressions), sum(sheets), sum(cost_micro), sum(price_micro), sum(unpriced_lines)
FROM accounting.rollup_project GROUP BY 1, 2;
INSERT INTO accounting.rollup_department
SELECT day, department_no, sum(jobs), sum(printed_area_mm2), sum(used_area_mm2), sum(ink_ul),
    sum(impressions), sum(sheets), sum(cost_micro), sum(price_micro), sum(unpriced_lines)
FROM accounting.rollup_project GROUP BY 1, 2;

-- Where the sums by one thing lie: their key, the table by day, the one by month if there is one, and the names.
CREATE TABLE accounting.summary_source (
    by text PRIMARY KEY,
    key text NOT NULL,
    by_day text NOT NULL,
    by_month text,
    names text NOT NULL
);
INSERT INTO accounting.summary_source VALUES
    ('printer', 'printer_no', 'rollup_printer', 'rollup_printer_month',
        'SELECT printer_no AS no, key, coalesce(nullif(name, ''''), key) AS name FROM accounting.printer'),
    ('kind', 'kind', 'rollup_printer', 'rollup_printer_month',
        'SELECT no, code AS key, code AS name FROM accounting.code WHERE what = ''kind'''),
    ('person', 'person_no', 'rollup_person', 'rollup_person_month',
        'SELECT person_no AS no, key, coalesce(nullif(name, ''''), key) AS name FROM accounting.person'),
    ('project', 'project_no', 'rollup_project', 'rollup_project_month',
        'SELECT k.project_no AS no, k.key, coalesce(nullif(n.name, ''''), k.key) AS name FROM accounting.project_key '
        'AS k LEFT JOIN accounting.project AS n ON n.kind = ''project'' AND n.code = k.key'),
    ('department', 'department_no', 'rollup_department', 'rollup_department_month',
        'SELECT k.department_no AS no, k.key, coalesce(nullif(n.name, ''''), k.key) AS name '
        'FROM accounting.department_key AS k '
        'LEFT JOIN accounting.project AS n ON n.kind = ''department'' AND n.code = k.key'),
    ('media', 'media_no', 'rollup_media', NULL,
        'SELECT media_no AS no, key, coalesce(nullif(name, ''''), key) AS name FROM accounting.media'),
    ('category', 'category_no', 'rollup_category', NULL,
        'SELECT category_no AS no, key, key AS name FROM accounting.category'),
    -- Each job has one department or none, so these cells, which are few, count every job once.
    ('day', 'day', 'rollup_department', NULL, ''),
    ('month', 'date_trunc(''month'', day)::date', 'rollup_department', 'rollup_department_month', ''),
    ('total', '0', 'rollup_department', 'rollup_department_month', '');

-- The sums of some business days by one thing: printer, kind, person, project, department, media, category, day,
-- month, or total. Whole months come from the sums by month where there are any, the days at both ends from those
-- by day. Runs with its owner's rights, as the tables are the service's own; what it answers is public.
CREATE FUNCTION inkmeter.summary(by text, first_day date, last_day date)
RETURNS TABLE (
    key text, name text, jobs bigint, printed_area_mm2 numeric, used_area_mm2 numeric, ink_ul numeric,
    impressions bigint, sheets bigint, cost numeric, price numeric, unpriced_lines bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source accounting.summary_source;
    from_month date := date_trunc('month', first_day + interval '1 month' - interval '1 day');
    to_month date := date_trunc('month', last_day + 1);
    counts constant text := 'jobs, printed_area_mm2, used_area_mm2, ink_ul, impressions, sheets, cost_micro, '
        'price_micro, unpriced_lines';
    cells text;
    named text;
BEGIN
    SELECT * INTO source FROM accounting.summary_source AS s WHERE s.by = summary.by;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no summary by %', by USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF source.by_month IS NULL OR from_month >= to_month THEN
        cells := format('SELECT %s AS no, %s FROM accounting.%I WHERE day BETWEEN $1 AND $2',
            source.key, counts, source.by_day);
    ELSE
        cells := format(
            'SELECT %s AS no, %s FROM accounting.%I WHERE month >= $3 AND month < $4 '
            'UNION ALL SELECT %s, %s FROM accounting.%I WHERE day >= $1 AND day < $3 '
            'UNION ALL SELECT %s, %s FROM accounting.%I WHERE day >= $4 AND day <= $2',
            CASE by WHEN 'month' THEN 'month' ELSE source.key END, counts, source.by_month,
            source.key, counts, source.by_day, source.key, counts, source.by_day);
    END IF;
    named := CASE by
        WHEN 'day' THEN 'SELECT to_char(no, ''YYYY-MM-DD''), '''', '
        WHEN 'month' THEN 'SELECT to_char(no, ''YYYY-MM''), '''', '
        WHEN 'total' THEN 'SELECT '''', '''', '
        ELSE 'SELECT n.key, n.name, '
    END;
    RETURN QUERY EXECUTE named
        || 'jobs::bigint, printed_area_mm2, used_area_mm2, ink_ul, impressions::bigint, sheets::bigint, '
        || 'cost_micro * 0.000001, price_micro * 0.000001, unpriced_lines::bigint '
        || 'FROM (SELECT no, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2, '
        || 'sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions, '
        || 'sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro, '
        || 'sum(unpriced_lines) AS unpriced_lines FROM (' || cells || ') AS cell GROUP BY no) AS summed'
        || CASE WHEN source.names <> '' THEN ' JOIN (' || source.names || ') AS n USING (no)' ELSE '' END
        USING first_day, last_day, from_month, to_month;
END
$$;

CREATE OR REPLACE VIEW inkmeter.summary_daily AS
SELECT 'printer'::text AS by, r.day, p.key, coalesce(nullif(p.name, ''), p.key) AS name, r.jobs::bigint,
    r.printed_area_mm2 * 0.000001 AS printed_area_m2, r.used_area_mm2 * 0.000001 AS used_area_m2,
    r.ink_ul * 0.001 AS ink_ml, r.impressions::bigint, r.sheets::bigint,
    r.cost_micro * 0.000001 AS cost, r.price_micro * 0.000001 AS price, r.unpriced_lines::bigint
FROM (
    SELECT day, printer_no, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2,
        sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions,
        sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro,
        sum(unpriced_lines) AS unpriced_lines
    FROM accounting.rollup_printer GROUP BY day, printer_no
) AS r JOIN accounting.printer AS p USING (printer_no)
UNION ALL
SELECT 'kind', r.day, k.code, k.code, r.jobs::bigint,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions::bigint,
    r.sheets::bigint, r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines::bigint
FROM (
    SELECT day, kind, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2,
        sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions,
        sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro,
        sum(unpriced_lines) AS unpriced_lines
    FROM accounting.rollup_printer GROUP BY day, kind
) AS r JOIN accounting.code AS k ON k.what = 'kind' AND k.no = r.kind
UNION ALL
SELECT 'person', r.day, p.key, coalesce(nullif(p.name, ''), p.key), r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_person AS r JOIN accounting.person AS p USING (person_no)
UNION ALL
SELECT 'project', r.day, p.key, coalesce(nullif(n.name, ''), p.key), r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_by_project AS r
JOIN accounting.project_key AS p USING (project_no)
LEFT JOIN accounting.project AS n ON n.kind = 'project' AND n.code = p.key
UNION ALL
SELECT 'department', r.day, p.key, coalesce(nullif(n.name, ''), p.key), r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_department AS r
JOIN accounting.department_key AS p USING (department_no)
LEFT JOIN accounting.project AS n ON n.kind = 'department' AND n.code = p.key
UNION ALL
SELECT 'media', r.day, m.key, coalesce(nullif(m.name, ''), m.key), r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_media AS r JOIN accounting.media AS m USING (media_no)
UNION ALL
SELECT 'category', r.day, c.key, c.key, r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_category AS r JOIN accounting.category AS c USING (category_no);

-- Months of media and categories come from the sums by day, all others from those by month.
CREATE OR REPLACE VIEW inkmeter.summary_monthly AS
SELECT by, date_trunc('month', day)::date AS month, key, max(name) AS name, sum(jobs)::bigint AS jobs,
    sum(printed_area_m2) AS printed_area_m2, sum(used_area_m2) AS used_area_m2, sum(ink_ml) AS ink_ml,
    sum(impressions)::bigint AS impressions, sum(sheets)::bigint AS sheets, sum(cost) AS cost,
    sum(price) AS price, sum(unpriced_lines)::bigint AS unpriced_lines
FROM inkmeter.summary_daily
WHERE by IN ('media', 'category')
GROUP BY by, date_trunc('month', day), key
UNION ALL
SELECT 'printer', r.month, p.key, coalesce(nullif(p.name, ''), p.key), r.jobs::bigint,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions::bigint,
    r.sheets::bigint, r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines::bigint
FROM (
    SELECT month, printer_no, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2,
        sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions,
        sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro,
        sum(unpriced_lines) AS unpriced_lines
    FROM accounting.rollup_printer_month GROUP BY month, printer_no
) AS r JOIN accounting.printer AS p USING (printer_no)
UNION ALL
SELECT 'kind', r.month, k.code, k.code, r.jobs::bigint,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions::bigint,
    r.sheets::bigint, r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines::bigint
FROM (
    SELECT month, kind, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2,
        sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions,
        sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro,
        sum(unpriced_lines) AS unpriced_lines
    FROM accounting.rollup_printer_month GROUP BY month, kind
) AS r JOIN accounting.code AS k ON k.what = 'kind' AND k.no = r.kind
UNION ALL
SELECT 'person', r.month, p.key, coalesce(nullif(p.name, ''), p.key), r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_person_month AS r JOIN accounting.person AS p USING (person_no)
UNION ALL
SELECT 'project', r.month, p.key, coalesce(nullif(n.name, ''), p.key), r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_project_month AS r
JOIN accounting.project_key AS p USING (project_no)
LEFT JOIN accounting.project AS n ON n.kind = 'project' AND n.code = p.key
UNION ALL
SELECT 'department', r.month, p.key, coalesce(nullif(n.name, ''), p.key), r.jobs,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions, r.sheets,
    r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines
FROM accounting.rollup_department_month AS r
JOIN accounting.department_key AS p USING (department_no)
LEFT JOIN accounting.project AS n ON n.kind = 'department' AND n.code = p.key;

DROP TABLE accounting.rollup_project;
ALTER TABLE accounting.rollup_by_project RENAME TO rollup_project;
ALTER INDEX accounting.rollup_by_project_pkey RENAME TO rollup_project_pkey;
