-- A job counts once while any line of it stands: when the line that counts it is voided, another one does from then on.

-- What a state counts of its job, where that is not what its charge counts: 1 the job, 2 its medium, 4 its category.
ALTER TABLE accounting.amendment ADD COLUMN counted smallint CHECK (counted BETWEEN 0 AND 7);

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
    (-coalesce(b.counted & 1, c.jobs))::smallint AS jobs,
    (-coalesce(b.counted >> 1 & 1, c.media_jobs))::smallint AS media_jobs,
    (-coalesce(b.counted >> 2 & 1, c.category_jobs))::smallint AS category_jobs,
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
    coalesce(a.counted & 1, c.jobs)::smallint, coalesce(a.counted >> 1 & 1, c.media_jobs)::smallint,
    coalesce(a.counted >> 2 & 1, c.category_jobs)::smallint, a.unpriced_lines, a.billable, c.ink_ul, 1::smallint,
    a.correction_no, c.entry_kind, a.entry_id, a.charge_entry_id
FROM accounting.amendment AS a
JOIN accounting.charge AS c ON c.entry_id = a.charge_entry_id AND c.line = a.line AND c.occurred_at = a.occurred_at
WHERE NOT a.voided;

-- Each line of the ledger in its current state: the facts of its charge, and of what may change the newest
-- revision (0 is the charge itself). `day` and `posted_at` are those of the charge, `state_day` and `state_at` those
-- of the state, `last_entry_id` its last leg. A voided line counts nothing, whatever amounts it had.
CREATE OR REPLACE VIEW accounting.current_line AS
SELECT
    c.entry_id, c.occurred_at, c.posted_at, c.job_id, c.printed_area_mm2, c.used_area_mm2, c.scan_area_mm2,
    c.roll_width_um, c.width_um, c.length_um, c.ink_total_ul,
    CASE WHEN a.revision IS NULL THEN c.cost_micro ELSE a.cost_micro END AS cost_micro,
    CASE WHEN a.revision IS NULL THEN c.price_micro ELSE a.price_micro END AS price_micro, c.day, c.printer_no,
    coalesce(a.person_no, c.person_no) AS person_no, coalesce(a.project_no, c.project_no) AS project_no,
    coalesce(a.department_no, c.department_no) AS department_no, c.media_no, c.category_no, c.quality_no,
    c.finishing_no, c.ink_set_no, coalesce(a.cost_rule_no, c.cost_rule_no) AS cost_rule_no,
    coalesce(a.price_rule_no, c.price_rule_no) AS price_rule_no, c.impressions, c.sheets, c.line, c.entry_kind,
    c.kind, c.outcome, c.category_by, c.colour_mode, coalesce(a.counted & 1, c.jobs)::smallint AS jobs,
    coalesce(a.counted >> 1 & 1, c.media_jobs)::smallint AS media_jobs,
    coalesce(a.counted >> 2 & 1, c.category_jobs)::smallint AS category_jobs,
    coalesce(a.unpriced_lines, c.unpriced_lines) AS unpriced_lines, coalesce(a.billable, c.billable) AS billable,
    c.ink_ul, coalesce(a.revision, 0) AS revision, coalesce(a.voided, false) AS voided,
    coalesce(CASE WHEN a.voided THEN a.entry_id ELSE a.entry_id + 1 END, c.entry_id) AS last_entry_id,
    a.correction_no, coalesce(a.day, c.day) AS state_day, coalesce(a.posted_at, c.posted_at) AS state_at,
    a.counted
FROM accounting.charge AS c
LEFT JOIN (
    SELECT * FROM accounting.amendment AS newest
    WHERE NOT EXISTS (
        SELECT FROM accounting.amendment AS later
        WHERE later.charge_entry_id = newest.charge_entry_id AND later.line = newest.line
            AND later.occurred_at = newest.occurred_at AND later.revision = newest.revision + 1
    )
) AS a ON a.charge_entry_id = c.entry_id AND a.line = c.line AND a.occurred_at = c.occurred_at;
