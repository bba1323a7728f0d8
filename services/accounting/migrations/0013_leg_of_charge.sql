-- Ledger lines tell which charge they belong to: so all that happened to one job is found by the job's entry.

-- Amendments as ledger lines: the void leg takes the state before back, with negative quantities, amounts and counts;
-- the new leg counts the state after. `leg` is -1 or 1, `charge_kind` the entry kind of the line's first state, and
-- `place` the entry id of the amendment, by which the relay reads; `charge_entry_id` is the entry of the line's charge.
CREATE OR REPLACE VIEW accounting.amendment_leg AS
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
    -1::smallint AS leg, a.correction_no, c.entry_kind AS charge_kind, a.entry_id AS place,
    a.charge_entry_id
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
    c.entry_kind, a.entry_id, a.charge_entry_id
FROM accounting.amendment AS a
JOIN accounting.charge AS c ON c.entry_id = a.charge_entry_id AND c.line = a.line AND c.occurred_at = a.occurred_at
WHERE NOT a.voided;

-- Every ledger line: charges and the legs of their amendments. Any total is a plain sum over this.
CREATE OR REPLACE VIEW accounting.leg AS
SELECT
    c.entry_id, c.occurred_at, c.posted_at, c.job_id, c.follows_entry_id, c.printed_area_mm2, c.used_area_mm2,
    c.scan_area_mm2, c.roll_width_um, c.width_um, c.length_um, c.ink_total_ul, c.cost_micro, c.price_micro, c.day,
    c.printer_no, c.person_no, c.project_no, c.department_no, c.media_no, c.category_no, c.quality_no,
    c.finishing_no, c.ink_set_no, c.cost_rule_no, c.price_rule_no, c.impressions, c.sheets, c.line, c.follows_line,
    c.entry_kind, c.kind, c.outcome, c.category_by, c.colour_mode, c.jobs, c.media_jobs, c.category_jobs,
    c.unpriced_lines, c.billable, c.ink_ul, 1::smallint AS leg, NULL::bigint AS correction_no,
    c.entry_kind AS charge_kind, c.entry_id AS place, c.entry_id AS charge_entry_id
FROM accounting.charge AS c
UNION ALL
SELECT
    entry_id, occurred_at, posted_at, job_id, follows_entry_id, printed_area_mm2, used_area_mm2, scan_area_mm2,
    roll_width_um, width_um, length_um, ink_total_ul, cost_micro, price_micro, day, printer_no, person_no,
    project_no, department_no, media_no, category_no, quality_no, finishing_no, ink_set_no, cost_rule_no,
    price_rule_no, impressions, sheets, line, follows_line, entry_kind, kind, outcome, category_by, colour_mode,
    jobs, media_jobs, category_jobs, unpriced_lines, billable, ink_ul, leg, correction_no, charge_kind, place,
    charge_entry_id
FROM accounting.amendment_leg;
