-- name: stage
-- The new states that are to be posted. `based_on` is the revision that a state was worked out from; NULL means
-- whatever the newest one is; `counted` is what a line counts of its job, NULL the same as before (see stage_counts).
-- Rows live as long as the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_amendment (
    charge_entry_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    cost_micro bigint,
    price_micro bigint,
    person_no integer NOT NULL,
    project_no integer NOT NULL,
    department_no integer NOT NULL,
    cost_rule_no integer NOT NULL,
    price_rule_no integer NOT NULL,
    based_on integer,
    line smallint NOT NULL,
    billable boolean NOT NULL,
    voided boolean NOT NULL,
    counted smallint
) ON COMMIT DELETE ROWS;
TRUNCATE pg_temp.staged_amendment

-- name: lock_own_stream
-- Corrections are made one after the other: whoever holds this row to the commit numbers entries without a gap.
SELECT next_offset FROM accounting.offsets WHERE topic = '' AND partition = 0 FOR UPDATE

-- name: now_and_open
-- Asked after the lock: the moment of the entries, and the first day that they may be booked on.
SELECT clock_timestamp(), nullif(accounting.open_from(), '-infinity')

-- name: analyze_staged
-- Nobody else counts the rows of a temporary table for the planner.
ANALYZE pg_temp.staged_amendment

-- name: forget_changes
DROP TABLE IF EXISTS pg_temp.changing

-- name: give_room
-- A bulk change joins and sums up in memory.
SET LOCAL work_mem = '256MB'

-- name: find_changes
-- Of what is staged, the lines that get another state, with the state before. `only_money` are those that stay where
-- they are and change nothing but amounts: their quantities move no sum. What is staged of no line has no revision.
CREATE TEMPORARY TABLE changing ON COMMIT DROP AS
SELECT s.charge_entry_id, s.occurred_at, s.cost_micro, s.price_micro, s.person_no, s.project_no, s.department_no,
    s.cost_rule_no, s.price_rule_no, s.based_on, s.line, s.billable, s.voided,
    coalesce(s.counted, l.counted) AS counted, l.revision AS from_revision, l.last_entry_id,
    greatest(l.day, coalesce(%(open_from)s::date, l.day)) AS day, l.voided AS was_voided,
    l.cost_micro AS old_cost_micro, l.price_micro AS old_price_micro, l.person_no AS old_person_no,
    l.project_no AS old_project_no, l.department_no AS old_department_no, l.unpriced_lines AS old_unpriced_lines,
    CASE WHEN s.voided THEN 0 ELSE (s.cost_micro IS NULL OR s.price_micro IS NULL)::integer END::smallint
        AS unpriced_lines,
    NOT s.voided AND NOT l.voided AND s.person_no = l.person_no AND s.project_no = l.project_no
        AND s.department_no = l.department_no AND s.counted IS NULL AS only_money,
    l.printer_no, l.media_no, l.category_no, l.kind, l.jobs AS old_jobs, l.media_jobs AS old_media_jobs,
    l.category_jobs AS old_category_jobs, coalesce(s.counted & 1, l.jobs) AS jobs,
    coalesce(s.counted >> 1 & 1, l.media_jobs) AS media_jobs,
    coalesce(s.counted >> 2 & 1, l.category_jobs) AS category_jobs, l.printed_area_mm2, l.used_area_mm2, l.ink_total_ul, l.impressions, l.sheets
FROM pg_temp.staged_amendment AS s
LEFT JOIN accounting.current_line AS l
    ON l.entry_id = s.charge_entry_id AND l.line = s.line AND l.occurred_at = s.occurred_at
WHERE l.entry_id IS NULL OR s.voided <> l.voided
    OR NOT s.voided AND (
        s.counted IS NOT NULL
        OR s.price_micro IS DISTINCT FROM l.price_micro OR s.cost_micro IS DISTINCT FROM l.cost_micro
        OR (s.person_no, s.project_no, s.department_no, s.billable, s.cost_rule_no, s.price_rule_no)
            <> (l.person_no, l.project_no, l.department_no, l.billable, l.cost_rule_no, l.price_rule_no)
    )

-- name: count_changes
-- How many lines change, how many change in more than amounts, how many were changed by somebody else since they
-- were read, how many of those staged are no line of the ledger, and how many were staged.
SELECT count(*), count(*) FILTER (WHERE NOT only_money), count(*) FILTER (WHERE based_on <> from_revision),
    count(*) FILTER (WHERE from_revision IS NULL), (SELECT count(*) FROM pg_temp.staged_amendment)
FROM pg_temp.changing

-- name: analyze_changes
ANALYZE pg_temp.changing

-- name: any_comes_or_goes
-- Whether a line becomes void, or is no longer.
SELECT EXISTS (SELECT FROM pg_temp.changing WHERE voided <> was_voided)

-- name: stage_counts
-- Where lines become void, or are no longer, the first line that stands then counts their job, the first one of each
-- medium and of each category counts those. Stages the lines that count another way than now; none where all is well.
-- The first and last moment of what changes leave the partitions of other months unread.
WITH standing AS (
    SELECT l.*, s.charge_entry_id IS NOT NULL AS is_staged,
        (row_number() OVER (PARTITION BY l.entry_id ORDER BY l.line) = 1)::integer
        + 2 * (row_number() OVER (PARTITION BY l.entry_id, l.media_no ORDER BY l.line) = 1)::integer
        + 4 * (row_number() OVER (PARTITION BY l.entry_id, l.category_no ORDER BY l.line) = 1)::integer AS counts
    FROM accounting.current_line AS l
    LEFT JOIN pg_temp.staged_amendment AS s ON s.charge_entry_id = l.entry_id AND s.line = l.line
    WHERE l.entry_kind = 1 AND NOT coalesce(s.voided, l.voided)
        AND (l.entry_id, l.occurred_at) IN (
            SELECT charge_entry_id, occurred_at FROM pg_temp.changing WHERE voided <> was_voided
        )
        AND l.occurred_at >= (SELECT min(occurred_at) FROM pg_temp.changing)
        AND l.occurred_at <= (SELECT max(occurred_at) FROM pg_temp.changing)
), other AS (
    SELECT * FROM standing WHERE counts <> jobs + 2 * media_jobs + 4 * category_jobs
), told AS (
    UPDATE pg_temp.staged_amendment AS s SET counted = o.counts
    FROM other AS o WHERE o.is_staged AND s.charge_entry_id = o.entry_id AND s.line = o.line
    RETURNING 1
), added AS (
    INSERT INTO pg_temp.staged_amendment (
        charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
        price_rule_no, based_on, line, billable, voided, counted
    )
    SELECT entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
        price_rule_no, revision, line, billable, false, counts
    FROM other WHERE NOT is_staged
    RETURNING 1
)
SELECT (SELECT count(*) FROM told) + (SELECT count(*) FROM added)

-- name: take_entries
-- Two ids for each amendment; answers the first of them.
UPDATE accounting.offsets SET next_offset = next_offset + 2 * %(lines)s WHERE topic = '' AND partition = 0
RETURNING next_offset - 2 * %(lines)s

-- name: post_correction
INSERT INTO accounting.correction (kind, actor, reason, made_at, open_from, undoes, lines, first_entry_id, request)
VALUES (
    %(kind)s, %(actor)s, %(reason)s, %(made_at)s, coalesce(%(open_from)s::date, '-infinity'), %(undoes)s, %(lines)s,
    %(first_entry_id)s, %(request)s
)
RETURNING correction_no

-- name: next_correction
-- A number ahead, for amendments that are written before it is known how many there are.
SELECT nextval(pg_get_serial_sequence('accounting.correction', 'correction_no'))

-- name: post_numbered_correction
INSERT INTO accounting.correction (
    correction_no, kind, actor, reason, made_at, open_from, undoes, lines, first_entry_id, request
)
OVERRIDING SYSTEM VALUE
VALUES (
    %(correction_no)s, %(kind)s, %(actor)s, %(reason)s, %(made_at)s, coalesce(%(open_from)s::date, '-infinity'),
    %(undoes)s, %(lines)s, %(first_entry_id)s, %(request)s
)

-- name: post_amendments
INSERT INTO accounting.amendment (
    entry_id, charge_entry_id, follows_entry_id, occurred_at, posted_at, correction_no, cost_micro, price_micro, day,
    person_no, project_no, department_no, cost_rule_no, price_rule_no, revision, line, amendment_kind, unpriced_lines,
    billable, voided, counted
)
SELECT %(first_entry_id)s + 2 * (row_number() OVER () - 1), charge_entry_id, last_entry_id, occurred_at, %(made_at)s, %(correction_no)s,
    cost_micro, price_micro, day, person_no, project_no, department_no, cost_rule_no, price_rule_no,
    from_revision + 1, line, CASE WHEN voided THEN 4 ELSE %(leg_kind)s::integer END,
    unpriced_lines, billable, voided, counted
FROM pg_temp.changing

-- name: money_cells
-- What lines add that all change nothing but amounts, to the sums of where they stay. {sets} and {keys} are the keys
-- of all rollups, and `set_no` tells which of the sets a row belongs to: one pass over the lines serves them all.
CREATE TEMPORARY TABLE money_cell ON COMMIT DROP AS
SELECT day, {keys}, GROUPING({keys}) AS set_no,
    sum(coalesce(cost_micro, 0) - coalesce(old_cost_micro, 0))::bigint AS cost_micro,
    sum(coalesce(price_micro, 0) - coalesce(old_price_micro, 0))::bigint AS price_micro,
    sum(unpriced_lines - old_unpriced_lines)::bigint AS unpriced_lines
FROM pg_temp.changing
GROUP BY GROUPING SETS ({sets})

-- name: leg_cells
-- All that both legs of each line add, in the same way.
CREATE TEMPORARY TABLE leg_cell ON COMMIT DROP AS
SELECT day, {keys}, GROUPING({keys}) AS set_no, sum(jobs)::bigint AS jobs, sum(media_jobs)::bigint AS media_jobs,
    sum(category_jobs)::bigint AS category_jobs, sum(printed_area_mm2)::bigint AS printed_area_mm2,
    sum(used_area_mm2)::bigint AS used_area_mm2, sum(ink_total_ul)::bigint AS ink_total_ul,
    sum(impressions)::bigint AS impressions, sum(sheets)::bigint AS sheets, sum(cost_micro)::bigint AS cost_micro,
    sum(price_micro)::bigint AS price_micro, sum(unpriced_lines)::bigint AS unpriced_lines
FROM (
    SELECT day, printer_no, kind, old_person_no AS person_no, old_project_no AS project_no,
        old_department_no AS department_no, media_no, category_no, -old_jobs AS jobs,
        -old_media_jobs AS media_jobs, -old_category_jobs AS category_jobs, -printed_area_mm2 AS printed_area_mm2, -used_area_mm2 AS used_area_mm2,
        -ink_total_ul AS ink_total_ul, -impressions AS impressions, -sheets AS sheets,
        -old_cost_micro AS cost_micro, -old_price_micro AS price_micro, -old_unpriced_lines AS unpriced_lines
    FROM pg_temp.changing WHERE NOT was_voided
    UNION ALL
    SELECT day, printer_no, kind, person_no, project_no, department_no, media_no, category_no, jobs, media_jobs,
        category_jobs, printed_area_mm2, used_area_mm2, ink_total_ul, impressions, sheets, cost_micro, price_micro,
        unpriced_lines
    FROM pg_temp.changing WHERE NOT voided
) AS moved
GROUP BY GROUPING SETS ({sets})

-- name: forget_cells
DROP TABLE IF EXISTS pg_temp.money_cell, pg_temp.leg_cell

-- name: summarize
-- After a bulk change, whoever reads ranges of its entries need not wait for the next vacuum to find them quickly.
SELECT brin_summarize_new_values(i.inhrelid)
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'accounting.amendment_by_entry'::regclass AND pg_catalog.pg_has_role(c.relowner, 'USAGE')

-- name: effect_by_month
-- Where the changes are booked.
SELECT to_char(day, 'YYYY-MM'), count(*) FROM pg_temp.changing GROUP BY 1 ORDER BY 1

-- name: effect_by_project
-- What the lines that change count before and after, by project, the one that moves most first; the row of all of them
-- has no key and is the first.
SELECT p.key, GROUPING(p.key) AS is_total,
    coalesce(sum(jobs) FILTER (WHERE NOT after), 0)::bigint, coalesce(sum(lines) FILTER (WHERE NOT after), 0)::bigint,
    coalesce(sum(cost_micro) FILTER (WHERE NOT after), 0)::bigint,
    coalesce(sum(price_micro) FILTER (WHERE NOT after), 0)::bigint,
    coalesce(sum(unpriced_lines) FILTER (WHERE NOT after), 0)::bigint,
    coalesce(sum(jobs) FILTER (WHERE after), 0)::bigint, coalesce(sum(lines) FILTER (WHERE after), 0)::bigint,
    coalesce(sum(cost_micro) FILTER (WHERE after), 0)::bigint,
    coalesce(sum(price_micro) FILTER (WHERE after), 0)::bigint,
    coalesce(sum(unpriced_lines) FILTER (WHERE after), 0)::bigint
FROM (
    SELECT false AS after, old_project_no AS project_no, sum(old_jobs) AS jobs, count(*) AS lines,
        sum(old_cost_micro) AS cost_micro, sum(old_price_micro) AS price_micro,
        sum(old_unpriced_lines) AS unpriced_lines
    FROM pg_temp.changing WHERE NOT was_voided GROUP BY old_project_no
    UNION ALL
    SELECT true, project_no, sum(jobs), count(*), sum(cost_micro), sum(price_micro), sum(unpriced_lines)
    FROM pg_temp.changing WHERE NOT voided GROUP BY project_no
) AS side
JOIN accounting.project_key AS p USING (project_no)
GROUP BY GROUPING SETS ((p.key), ())
ORDER BY is_total DESC, abs(coalesce(sum(price_micro) FILTER (WHERE after), 0)
    - coalesce(sum(price_micro) FILTER (WHERE NOT after), 0)) DESC, p.key
LIMIT %(limit)s
