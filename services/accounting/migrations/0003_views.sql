-- Public read-only views for reports and BI tools: NUMERIC money, areas in m2, ink in ml, readable names.
-- Multiplying by a power of ten is exact in NUMERIC; dividing is not always.

CREATE SCHEMA IF NOT EXISTS inkmeter;

CREATE VIEW inkmeter.summary_daily AS
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
SELECT 'project', r.day, p.key, coalesce(nullif(n.name, ''), p.key), r.jobs::bigint,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions::bigint,
    r.sheets::bigint, r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines::bigint
FROM (
    SELECT day, project_no, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2,
        sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions,
        sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro,
        sum(unpriced_lines) AS unpriced_lines
    FROM accounting.rollup_project GROUP BY day, project_no
) AS r
JOIN accounting.project_key AS p USING (project_no)
LEFT JOIN accounting.project AS n ON n.kind = 'project' AND n.code = p.key
UNION ALL
SELECT 'department', r.day, d.key, coalesce(nullif(n.name, ''), d.key), r.jobs::bigint,
    r.printed_area_mm2 * 0.000001, r.used_area_mm2 * 0.000001, r.ink_ul * 0.001, r.impressions::bigint,
    r.sheets::bigint, r.cost_micro * 0.000001, r.price_micro * 0.000001, r.unpriced_lines::bigint
FROM (
    SELECT day, department_no, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2,
        sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions,
        sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro,
        sum(unpriced_lines) AS unpriced_lines
    FROM accounting.rollup_project GROUP BY day, department_no
) AS r
JOIN accounting.department_key AS d USING (department_no)
LEFT JOIN accounting.project AS n ON n.kind = 'department' AND n.code = d.key
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

CREATE VIEW inkmeter.summary_monthly AS
SELECT by, date_trunc('month', day)::date AS month, key, max(name) AS name, sum(jobs)::bigint AS jobs,
    sum(printed_area_m2) AS printed_area_m2, sum(used_area_m2) AS used_area_m2, sum(ink_ml) AS ink_ml,
    sum(impressions)::bigint AS impressions, sum(sheets)::bigint AS sheets, sum(cost) AS cost,
    sum(price) AS price, sum(unpriced_lines)::bigint AS unpriced_lines
FROM inkmeter.summary_daily
GROUP BY by, date_trunc('month', day), key;

-- One row per ledger line; corrections are rows of their own. An amount that is NULL is unpriced.
CREATE VIEW inkmeter.charges AS
SELECT c.entry_id || '.' || c.line AS charge_id, e.code AS entry_kind,
    c.follows_entry_id || '.' || c.follows_line AS follows, c.job_id, c.line, c.day,
    c.occurred_at AS completed_at, c.posted_at,
    p.key AS printer, coalesce(nullif(p.name, ''), p.key) AS printer_name,
    w.key AS person, coalesce(nullif(w.name, ''), w.key) AS person_name,
    j.key AS project, coalesce(nullif(jn.name, ''), j.key) AS project_name,
    d.key AS department, coalesce(nullif(dn.name, ''), d.key) AS department_name,
    c.billable, k.code AS kind, o.code AS outcome,
    m.key AS media, coalesce(nullif(m.name, ''), m.key) AS media_name,
    g.key AS category, cb.code AS category_by, cm.code AS colour_mode, q.key AS quality,
    c.width_um * 0.001 AS width_mm, c.length_um * 0.001 AS length_mm,
    c.printed_area_mm2 * 0.000001 AS printed_area_m2, c.used_area_mm2 * 0.000001 AS used_area_m2,
    c.scan_area_mm2 * 0.000001 AS scan_area_m2, c.ink_total_ul * 0.001 AS ink_ml, c.impressions, c.sheets,
    c.cost_micro * 0.000001 AS cost, cr.text AS cost_rule,
    c.price_micro * 0.000001 AS price, pr.text AS price_rule
FROM accounting.charge AS c
JOIN accounting.printer AS p USING (printer_no)
JOIN accounting.person AS w USING (person_no)
JOIN accounting.project_key AS j USING (project_no)
LEFT JOIN accounting.project AS jn ON jn.kind = 'project' AND jn.code = j.key
JOIN accounting.department_key AS d USING (department_no)
LEFT JOIN accounting.project AS dn ON dn.kind = 'department' AND dn.code = d.key
JOIN accounting.media AS m USING (media_no)
JOIN accounting.category AS g USING (category_no)
JOIN accounting.quality AS q USING (quality_no)
JOIN accounting.rule AS cr ON cr.rule_no = c.cost_rule_no
JOIN accounting.rule AS pr ON pr.rule_no = c.price_rule_no
JOIN accounting.code AS e ON e.what = 'entry_kind' AND e.no = c.entry_kind
JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome
LEFT JOIN accounting.code AS cb ON cb.what = 'category_by' AND cb.no = c.category_by
LEFT JOIN accounting.code AS cm ON cm.what = 'colour_mode' AND cm.no = c.colour_mode;

-- One row per job; sums over the lines that were posted with it.
CREATE VIEW inkmeter.jobs AS
SELECT j.job_id, j.job_key, j.device_job_id, j.title, s.key AS source, me.code AS measured,
    p.key AS printer, coalesce(nullif(p.name, ''), p.key) AS printer_name,
    w.key AS person, coalesce(nullif(w.name, ''), w.key) AS person_name, j.authenticated,
    pk.key AS project, dk.key AS department, c.billable, k.code AS kind, o.code AS outcome,
    j.copies, j.lines, j.submitted_at, j.started_at, j.completed_at, j.posted_at,
    c.printed_area_mm2 * 0.000001 AS printed_area_m2, c.used_area_mm2 * 0.000001 AS used_area_m2,
    c.ink_total_ul * 0.001 AS ink_ml, c.impressions::bigint, c.sheets::bigint,
    c.cost_micro * 0.000001 AS cost, c.price_micro * 0.000001 AS price, c.unpriced_lines::bigint
FROM accounting.job AS j
JOIN accounting.printer AS p USING (printer_no)
JOIN accounting.person AS w USING (person_no)
JOIN accounting.source AS s USING (source_no)
LEFT JOIN accounting.code AS me ON me.what = 'measured' AND me.no = j.measured
LEFT JOIN LATERAL (
    SELECT min(project_no) AS project_no, min(department_no) AS department_no, min(kind) AS kind,
        min(outcome) AS outcome, bool_and(billable) AS billable, sum(printed_area_mm2) AS printed_area_mm2,
        sum(used_area_mm2) AS used_area_mm2, sum(ink_total_ul) AS ink_total_ul, sum(impressions) AS impressions,
        sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro,
        sum(unpriced_lines) AS unpriced_lines
    FROM accounting.charge
    WHERE entry_id = j.entry_id AND occurred_at = j.completed_at
) AS c ON true
LEFT JOIN accounting.project_key AS pk ON pk.project_no = c.project_no
LEFT JOIN accounting.department_key AS dk ON dk.department_no = c.department_no
LEFT JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
LEFT JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome;

-- The reader's role belongs to the whole server: it is made where that is allowed, and is otherwise up to its
-- administrator.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'inkmeter_reader') THEN
        CREATE ROLE inkmeter_reader NOLOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
    RAISE NOTICE 'the role inkmeter_reader was not made: %', SQLERRM;
END
$$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'inkmeter_reader') THEN
        GRANT USAGE ON SCHEMA inkmeter TO inkmeter_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA inkmeter TO inkmeter_reader;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the role inkmeter_reader was not granted the views: %', SQLERRM;
END
$$;
