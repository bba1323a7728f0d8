-- A job is shown with whom its first line counts for, not with the lowest number of those of all its lines.

-- One row per job in its current state; what was voided counts nothing. Whom it counts for is what its first line that
-- is not void says, as in the summaries: the line stands in the bits above the number, and the smallest of both wins. `amended` says that a line of it has another
-- state than it was posted with.
CREATE OR REPLACE VIEW inkmeter.jobs AS
SELECT j.job_id, j.job_key, j.device_job_id, j.title, s.key AS source, me.code AS measured,
    p.key AS printer, coalesce(nullif(p.name, ''), p.key) AS printer_name,
    w.key AS person, coalesce(nullif(w.name, ''), w.key) AS person_name, j.authenticated,
    pk.key AS project, dk.key AS department, c.billable, k.code AS kind, o.code AS outcome,
    j.copies, j.lines, j.submitted_at, j.started_at, j.completed_at, j.posted_at,
    c.printed_area_mm2 * 0.000001 AS printed_area_m2, c.used_area_mm2 * 0.000001 AS used_area_m2,
    c.ink_total_ul * 0.001 AS ink_ml, c.impressions::bigint, c.sheets::bigint,
    c.cost_micro * 0.000001 AS cost, c.price_micro * 0.000001 AS price, c.unpriced_lines::bigint,
    c.voided, c.amended
FROM accounting.job AS j
JOIN accounting.printer AS p USING (printer_no)
JOIN accounting.source AS s USING (source_no)
LEFT JOIN accounting.code AS me ON me.what = 'measured' AND me.no = j.measured
LEFT JOIN LATERAL (
    SELECT (min((voided::integer::bigint << 47) | (line::bigint << 32) | person_no) & 4294967295)::integer AS person_no,
        (min((voided::integer::bigint << 47) | (line::bigint << 32) | project_no) & 4294967295)::integer AS project_no,
        (min((voided::integer::bigint << 47) | (line::bigint << 32) | department_no) & 4294967295)::integer AS department_no,
        min(kind) AS kind, min(outcome) AS outcome,
        coalesce(bool_and(billable) FILTER (WHERE NOT voided), bool_and(billable)) AS billable,
        sum(CASE WHEN voided THEN 0 ELSE printed_area_mm2 END) AS printed_area_mm2,
        sum(CASE WHEN voided THEN 0 ELSE used_area_mm2 END) AS used_area_mm2,
        sum(CASE WHEN voided THEN 0 ELSE ink_total_ul END) AS ink_total_ul,
        sum(CASE WHEN voided THEN 0 ELSE impressions END) AS impressions,
        sum(CASE WHEN voided THEN 0 ELSE sheets END) AS sheets,
        sum(CASE WHEN voided THEN 0 ELSE cost_micro END) AS cost_micro,
        sum(CASE WHEN voided THEN 0 ELSE price_micro END) AS price_micro,
        sum(CASE WHEN voided THEN 0 ELSE unpriced_lines END) AS unpriced_lines,
        bool_and(voided) AS voided, bool_or(revision > 0) AS amended
    FROM accounting.current_line
    WHERE entry_id = j.entry_id AND occurred_at = j.completed_at
) AS c ON true
JOIN accounting.person AS w ON w.person_no = coalesce(c.person_no, j.person_no)
LEFT JOIN accounting.project_key AS pk ON pk.project_no = c.project_no
LEFT JOIN accounting.department_key AS dk ON dk.department_no = c.department_no
LEFT JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
LEFT JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome;
