-- The ledger as it reads with its amendments: every leg, the current state of every line, and the public views.

-- Amendments as ledger lines: the void leg takes the state before back, with negative quantities, amounts and counts;
-- the new leg counts the state after. `leg` is -1 or 1, `charge_kind` the entry kind of the line's first state, and
-- `place` the entry id of the amendment, by which the relay reads.
CREATE VIEW accounting.amendment_leg AS
SELECT
    a.entry_id, a.occurred_at, a.posted_at, c.job_id, a.follows_entry_id, -c.printed_area_mm2 AS printed_area_mm2,
    -c.used_area_mm2 AS used_area_mm2, -c.scan_area_mm2 AS scan_area_mm2, c.roll_width_um, c.width_um, c.length_um,
    -c.ink_total_ul AS ink_total_ul,
    -CASE WHEN b.revision IS NULL THEN c.cost_micro ELSE b.cost_micro END AS cost_micro,
    -CASE WHEN b.revision IS NULL THEN c.price_micro ELSE b.price_micro END AS price_micro, a.day, c.printer_no,
    coalesce(b.person_no, c.person_no) AS person_no, coalesce(b.project_no, c.project_no) AS project_no,
    coalesce(b.department_no, c.department_no) AS department_no, c.media_no, c.category_no, c.quality_no,
    c.finishing_no, c.ink_set_no, coalesce(b.cost_rule_no, c.cost_rule_no) AS cost_rule_no,
    coalesce(b.price_rule_no, c.price_rule_no) AS price_rule_no, -c.impressions AS impressions, -c.sheets AS sheets,
    a.line, a.line AS follows_line, 4::smallint AS entry_kind, c.kind, c.outcome, c.category_by, c.colour_mode,
    (-c.jobs)::smallint AS jobs, (-c.media_jobs)::smallint AS media_jobs,
    (-c.category_jobs)::smallint AS category_jobs,
    (-coalesce(b.unpriced_lines, c.unpriced_lines))::smallint AS unpriced_lines,
    coalesce(b.billable, c.billable) AS billable,
    CASE WHEN c.ink_ul IS NOT NULL THEN
        ARRAY(SELECT -ink FROM unnest(c.ink_ul) WITH ORDINALITY AS u(ink, at) ORDER BY at)
    END AS ink_ul,
    -1::smallint AS leg, a.correction_no, c.entry_kind AS charge_kind, a.entry_id AS place
FROM accounting.amendment AS a
JOIN accounting.charge AS c ON c.entry_id = a.charge_entry_id AND c.line = a.line AND c.occurred_at = a.occurred_at
LEFT JOIN accounting.amendment AS b
    ON b.charge_entry_id = a.charge_entry_id AND b.line = a.line AND b.occurred_at = a.occurred_at
    AND b.revision = a.revision - 1
WHERE b.voided IS NOT TRUE
UNION ALL
SELECT
    a.entry_id + 1 AS entry_id, a.occurred_at, a.posted_at, c.job_id, a.follows_entry_id, c.printed_area_mm2,
    c.used_area_mm2, c.scan_area_mm2, c.roll_width_um, c.width_um, c.length_um, c.ink_total_ul, a.cost_micro,
    a.price_micro, a.day, c.printer_no, a.person_no, a.project_no, a.department_no, c.media_no, c.category_no,
    c.quality_no, c.finishing_no, c.ink_set_no, a.cost_rule_no, a.price_rule_no, c.impressions, c.sheets, a.line,
    a.line AS follows_line, a.amendment_kind AS entry_kind, c.kind, c.outcome, c.category_by, c.colour_mode,
    c.jobs, c.media_jobs, c.category_jobs, a.unpriced_lines, a.billable, c.ink_ul, 1::smallint, a.correction_no,
    c.entry_kind, a.entry_id
FROM accounting.amendment AS a
JOIN accounting.charge AS c ON c.entry_id = a.charge_entry_id AND c.line = a.line AND c.occurred_at = a.occurred_at
WHERE NOT a.voided;

-- Every ledger line: charges and the legs of their amendments. Any total is a plain sum over this.
CREATE VIEW accounting.leg AS
SELECT
    c.entry_id, c.occurred_at, c.posted_at, c.job_id, c.follows_entry_id, c.printed_area_mm2, c.used_area_mm2,
    c.scan_area_mm2, c.roll_width_um, c.width_um, c.length_um, c.ink_total_ul, c.cost_micro, c.price_micro, c.day,
    c.printer_no, c.person_no, c.project_no, c.department_no, c.media_no, c.category_no, c.quality_no,
    c.finishing_no, c.ink_set_no, c.cost_rule_no, c.price_rule_no, c.impressions, c.sheets, c.line, c.follows_line,
    c.entry_kind, c.kind, c.outcome, c.category_by, c.colour_mode, c.jobs, c.media_jobs, c.category_jobs,
    c.unpriced_lines, c.billable, c.ink_ul, 1::smallint AS leg, NULL::bigint AS correction_no,
    c.entry_kind AS charge_kind, c.entry_id AS place
FROM accounting.charge AS c
UNION ALL
SELECT
    entry_id, occurred_at, posted_at, job_id, follows_entry_id, printed_area_mm2, used_area_mm2, scan_area_mm2,
    roll_width_um, width_um, length_um, ink_total_ul, cost_micro, price_micro, day, printer_no, person_no,
    project_no, department_no, media_no, category_no, quality_no, finishing_no, ink_set_no, cost_rule_no,
    price_rule_no, impressions, sheets, line, follows_line, entry_kind, kind, outcome, category_by, colour_mode,
    jobs, media_jobs, category_jobs, unpriced_lines, billable, ink_ul, leg, correction_no, charge_kind, place
FROM accounting.amendment_leg;

-- Each line of the ledger in its current state: the facts of its charge, and of what may change the newest
-- revision (0 is the charge itself). `day` and `posted_at` are those of the charge, `state_day` and `state_at` those
-- of the state, `last_entry_id` its last leg. A voided line counts nothing, whatever amounts it had.
CREATE VIEW accounting.current_line AS
SELECT
    c.entry_id, c.occurred_at, c.posted_at, c.job_id, c.printed_area_mm2, c.used_area_mm2, c.scan_area_mm2,
    c.roll_width_um, c.width_um, c.length_um, c.ink_total_ul,
    CASE WHEN a.revision IS NULL THEN c.cost_micro ELSE a.cost_micro END AS cost_micro,
    CASE WHEN a.revision IS NULL THEN c.price_micro ELSE a.price_micro END AS price_micro, c.day, c.printer_no,
    coalesce(a.person_no, c.person_no) AS person_no, coalesce(a.project_no, c.project_no) AS project_no,
    coalesce(a.department_no, c.department_no) AS department_no, c.media_no, c.category_no, c.quality_no,
    c.finishing_no, c.ink_set_no, coalesce(a.cost_rule_no, c.cost_rule_no) AS cost_rule_no,
    coalesce(a.price_rule_no, c.price_rule_no) AS price_rule_no, c.impressions, c.sheets, c.line, c.entry_kind,
    c.kind, c.outcome, c.category_by, c.colour_mode, c.jobs, c.media_jobs, c.category_jobs,
    coalesce(a.unpriced_lines, c.unpriced_lines) AS unpriced_lines, coalesce(a.billable, c.billable) AS billable,
    c.ink_ul, coalesce(a.revision, 0) AS revision, coalesce(a.voided, false) AS voided,
    coalesce(CASE WHEN a.voided THEN a.entry_id ELSE a.entry_id + 1 END, c.entry_id) AS last_entry_id,
    a.correction_no, coalesce(a.day, c.day) AS state_day, coalesce(a.posted_at, c.posted_at) AS state_at
FROM accounting.charge AS c
LEFT JOIN (
    SELECT * FROM accounting.amendment AS newest
    WHERE NOT EXISTS (
        SELECT FROM accounting.amendment AS later
        WHERE later.charge_entry_id = newest.charge_entry_id AND later.line = newest.line
            AND later.occurred_at = newest.occurred_at AND later.revision = newest.revision + 1
    )
) AS a ON a.charge_entry_id = c.entry_id AND a.line = c.line AND a.occurred_at = c.occurred_at;

-- One row per ledger line. An amendment is two of them, see accounting.leg: `leg` is -1 where a line takes an earlier
-- state back. `jobs`, `media_jobs` and `category_jobs` count each job once in all, once per medium and once per
-- category, `unpriced_lines` the lines without a cost or a price; `line_kind` is that of the line's first state.
CREATE OR REPLACE VIEW inkmeter.charges AS
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
    c.price_micro * 0.000001 AS price, pr.text AS price_rule,
    c.leg, lk.code AS line_kind, c.jobs, c.media_jobs, c.category_jobs, c.unpriced_lines,
    c.correction_no AS correction_id, h.actor, h.reason
FROM accounting.leg AS c
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
JOIN accounting.code AS lk ON lk.what = 'entry_kind' AND lk.no = c.charge_kind
JOIN accounting.code AS k ON k.what = 'kind' AND k.no = c.kind
JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = c.outcome
LEFT JOIN accounting.code AS cb ON cb.what = 'category_by' AND cb.no = c.category_by
LEFT JOIN accounting.code AS cm ON cm.what = 'colour_mode' AND cm.no = c.colour_mode
LEFT JOIN accounting.correction AS h ON h.correction_no = c.correction_no;

-- One row per job in its current state; what was voided counts nothing. `amended` says that a line of it has another
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
    SELECT min(person_no) AS person_no, min(project_no) AS project_no, min(department_no) AS department_no,
        min(kind) AS kind, min(outcome) AS outcome, bool_and(billable) AS billable,
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

-- The same sums as inkmeter.summary, as they stood at a moment: those of today without what was posted later.
CREATE FUNCTION inkmeter.summary_as_of(by text, first_day date, last_day date, as_of timestamptz)
RETURNS TABLE (
    key text, name text, jobs bigint, printed_area_mm2 numeric, used_area_mm2 numeric, ink_ul numeric,
    impressions bigint, sheets bigint, cost numeric, price numeric, unpriced_lines bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source accounting.summary_source;
    counted text := CASE by WHEN 'media' THEN 'media_jobs' WHEN 'category' THEN 'category_jobs' ELSE 'jobs' END;
    named text := CASE by
        WHEN 'day' THEN 'SELECT to_char(no, ''YYYY-MM-DD'') AS key, '''' AS name, '
        WHEN 'month' THEN 'SELECT to_char(no, ''YYYY-MM'') AS key, '''' AS name, '
        WHEN 'total' THEN 'SELECT '''' AS key, '''' AS name, '
        ELSE 'SELECT n.key, n.name, '
    END;
BEGIN
    SELECT * INTO source FROM accounting.summary_source AS s WHERE s.by = summary_as_of.by;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no summary by %', by USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY EXECUTE
        'SELECT key, name, sum(jobs)::bigint, sum(printed_area_mm2), sum(used_area_mm2), sum(ink_ul), '
        || 'sum(impressions)::bigint, sum(sheets)::bigint, sum(cost), sum(price), sum(unpriced_lines)::bigint '
        || 'FROM (SELECT * FROM inkmeter.summary($1, $2, $3) UNION ALL '
        || named || '-jobs, -printed_area_mm2, -used_area_mm2, -ink_ul, -impressions, -sheets, '
        || '-cost_micro * 0.000001, -price_micro * 0.000001, -unpriced_lines '
        || format('FROM (SELECT %s AS no, sum(%I) AS jobs, ', source.key, counted)
        || 'coalesce(sum(printed_area_mm2), 0) AS printed_area_mm2, coalesce(sum(used_area_mm2), 0) AS used_area_mm2, '
        || 'coalesce(sum(ink_total_ul), 0) AS ink_ul, coalesce(sum(impressions), 0) AS impressions, '
        || 'coalesce(sum(sheets), 0) AS sheets, coalesce(sum(cost_micro), 0) AS cost_micro, '
        || 'coalesce(sum(price_micro), 0) AS price_micro, sum(unpriced_lines) AS unpriced_lines '
        || 'FROM accounting.leg WHERE posted_at > $4 AND day BETWEEN $2 AND $3 GROUP BY 1) AS later'
        || CASE WHEN source.names <> '' THEN ' JOIN (' || source.names || ') AS n USING (no)' ELSE '' END
        || ') AS cell GROUP BY key, name'
        -- What had nothing yet is no row; a total is one whatever it counts.
        || CASE WHEN by = 'total' THEN '' ELSE ' HAVING num_nulls(nullif(sum(jobs), 0), '
        || 'nullif(sum(printed_area_mm2), 0), nullif(sum(used_area_mm2), 0), nullif(sum(ink_ul), 0), '
        || 'nullif(sum(impressions), 0), nullif(sum(sheets), 0), nullif(sum(cost), 0), nullif(sum(price), 0), '
        || 'nullif(sum(unpriced_lines), 0)) < 9' END
        USING by, first_day, last_day, as_of;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'inkmeter_reader') THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA inkmeter TO inkmeter_reader;
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA inkmeter TO inkmeter_reader;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the role inkmeter_reader was not granted the views: %', SQLERRM;
END
$$;
