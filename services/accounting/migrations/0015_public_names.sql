-- Whose project a ledger line counts for and which group its printer is in, for reports; and the names themselves.

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
    c.correction_no AS correction_id, h.actor, h.reason, p.printer_group,
    coalesce(jn.customer, '') AS customer, coalesce(nullif(cn.name, ''), jn.customer, '') AS customer_name
FROM accounting.leg AS c
JOIN accounting.printer AS p USING (printer_no)
JOIN accounting.person AS w USING (person_no)
JOIN accounting.project_key AS j USING (project_no)
LEFT JOIN accounting.project AS jn ON jn.kind = 'project' AND jn.code = j.key
LEFT JOIN accounting.project AS cn ON cn.kind = 'customer' AND cn.code = jn.customer
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

-- Projects and printers as reports name them, also those that only the ledger knows.
CREATE VIEW inkmeter.projects AS
SELECT k.key AS project, coalesce(nullif(n.name, ''), k.key) AS name, coalesce(n.customer, '') AS customer,
    coalesce(nullif(c.name, ''), n.customer, '') AS customer_name, n.active, n.billable
FROM accounting.project_key AS k
LEFT JOIN accounting.project AS n ON n.kind = 'project' AND n.code = k.key
LEFT JOIN accounting.project AS c ON c.kind = 'customer' AND c.code = n.customer;

CREATE VIEW inkmeter.printers AS
SELECT key AS printer, coalesce(nullif(name, ''), key) AS name, model, serial, printer_group
FROM accounting.printer;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'inkmeter_reader') THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA inkmeter TO inkmeter_reader;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'the role inkmeter_reader was not granted the views: %', SQLERRM;
END
$$;
