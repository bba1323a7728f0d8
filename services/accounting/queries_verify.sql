-- name: verify_counts
SELECT (SELECT count(*) FROM accounting.job), (SELECT count(*) FROM accounting.charge),
    (SELECT count(*) FROM accounting.amendment)

-- name: verify_no_job_without_its_lines
-- Every job has as many lines as it was told with, numbered from 0.
SELECT 'job ' || j.job_id || ' has ' || count(c.line) || ' of ' || j.lines || ' lines'
FROM accounting.job AS j
LEFT JOIN accounting.charge AS c ON c.entry_id = j.entry_id AND c.job_id = j.job_id AND c.entry_kind = 1
GROUP BY j.job_id
HAVING count(c.line) <> j.lines OR min(c.line) <> 0 OR max(c.line) <> j.lines - 1

-- name: verify_no_charge_without_its_job
SELECT 'charge ' || c.entry_id || '.' || c.line || ' has no job'
FROM accounting.charge AS c
WHERE NOT EXISTS (SELECT FROM accounting.job AS j WHERE j.job_id = c.job_id)

-- name: verify_no_charge_of_something_unknown
-- Whatever a charge names by number is there: otherwise it would be in no view.
SELECT 'charge ' || c.entry_id || '.' || c.line || ' names something that is not there'
FROM accounting.charge AS c
LEFT JOIN accounting.printer AS p USING (printer_no)
LEFT JOIN accounting.person AS w USING (person_no)
LEFT JOIN accounting.project_key AS x USING (project_no)
LEFT JOIN accounting.department_key AS d USING (department_no)
LEFT JOIN accounting.media AS m USING (media_no)
LEFT JOIN accounting.category AS g USING (category_no)
LEFT JOIN accounting.quality AS q USING (quality_no)
LEFT JOIN accounting.finishing AS f USING (finishing_no)
LEFT JOIN accounting.ink_set AS i USING (ink_set_no)
WHERE num_nulls(p.key, w.key, x.key, d.key, m.key, g.key, q.key, f.key, i.key) > 0

-- name: verify_no_job_counted_twice
-- Within a job, each medium and each category is counted once, and the job itself once.
SELECT 'job ' || job_id || ' counts ' || sum(jobs) || ' times'
FROM accounting.charge WHERE entry_kind IN (1, 2)
GROUP BY job_id
HAVING sum(jobs) <> 1
    OR sum(media_jobs) <> count(DISTINCT media_no) FILTER (WHERE entry_kind = 1)
    OR sum(category_jobs) <> count(DISTINCT category_no) FILTER (WHERE entry_kind = 1)

-- name: verify_no_job_counted_where_it_is_void
-- Where a line is void, or counts another way than its charge: while any line stands, the job counts once, and so do
-- each medium and each category of the lines that stand.
SELECT 'job ' || job_id || ' counts ' || sum(jobs) || ' times by the lines that are not void'
FROM accounting.current_line
WHERE entry_kind = 1 AND NOT voided
    AND entry_id IN (SELECT charge_entry_id FROM accounting.amendment WHERE voided OR counted IS NOT NULL)
GROUP BY job_id
HAVING sum(jobs) <> 1 OR sum(media_jobs) <> count(DISTINCT media_no)
    OR sum(category_jobs) <> count(DISTINCT category_no)

-- name: verify_no_amount_without_a_rule
-- A line without an amount counts as unpriced, and every amount and every lack of one says why.
SELECT 'charge ' || c.entry_id || '.' || c.line || ' is unexplained'
FROM accounting.charge AS c
LEFT JOIN accounting.rule AS cr ON cr.rule_no = c.cost_rule_no
LEFT JOIN accounting.rule AS pr ON pr.rule_no = c.price_rule_no
WHERE cr.text IS NULL OR pr.text IS NULL
    OR (c.entry_kind IN (1, 2) AND c.unpriced_lines <> (c.cost_micro IS NULL OR c.price_micro IS NULL)::integer)

-- name: verify_no_entry_beyond_its_offset
-- Nothing is posted from records that the offsets do not say were taken.
SELECT 'job ' || j.job_id || ' is of offset ' || (j.entry_id & 17592186044415) || ' of a partition that stands at '
    || coalesce(o.next_offset::text, 'nothing')
FROM accounting.job AS j
LEFT JOIN accounting.offsets AS o
    ON o.stream_no = j.entry_id >> 52 AND o.partition = (j.entry_id >> 44) & 255
WHERE o.next_offset IS NULL OR (j.entry_id & 17592186044415) >= o.next_offset

-- name: prepare
-- Whole tables are joined and summed up: in memory, and never row by row by an index, as small tables would suggest.
SELECT set_config('work_mem', '256MB', true), set_config('enable_nestloop', 'off', true)

-- name: recount
-- All sums of all rollups by one pass over the ledger; see rollups.by_sets.
CREATE TEMPORARY TABLE recounted ON COMMIT DROP AS
SELECT day, {keys}, GROUPING({keys}) AS set_no, sum(jobs)::bigint AS jobs, sum(media_jobs)::bigint AS media_jobs,
    sum(category_jobs)::bigint AS category_jobs, sum(printed_area_mm2)::bigint AS printed_area_mm2,
    sum(used_area_mm2)::bigint AS used_area_mm2, sum(ink_total_ul)::bigint AS ink_total_ul,
    sum(impressions)::bigint AS impressions, sum(sheets)::bigint AS sheets, sum(cost_micro)::bigint AS cost_micro,
    sum(price_micro)::bigint AS price_micro, sum(unpriced_lines)::bigint AS unpriced_lines
FROM accounting.leg
GROUP BY GROUPING SETS ({sets})

-- name: rebuild_lock
-- Keeps every writer out until the rollups are whole again.
LOCK TABLE accounting.offsets IN EXCLUSIVE MODE

-- name: verify_no_gap_between_states
-- The states of a line are numbered from 1 without a gap.
SELECT 'charge ' || charge_entry_id || '.' || line || ' has ' || count(*) || ' later states, the last is number '
    || max(revision)
FROM accounting.amendment
GROUP BY charge_entry_id, line, occurred_at
HAVING count(*) <> max(revision)

-- name: verify_no_line_that_does_not_sum_up
-- First state and all legs of a line sum up to its current state, in each place where it ever counted: so to zero
-- where it counts no more, and everywhere when it is voided.
SELECT 'line ' || line || ' of job ' || job_id || ' does not sum up to its current state'
FROM (
    SELECT job_id, line, person_no, project_no, department_no, billable, leg AS states, jobs, media_jobs,
        category_jobs, printed_area_mm2, used_area_mm2, ink_total_ul, impressions, sheets, cost_micro, price_micro,
        unpriced_lines
    FROM accounting.leg
    UNION ALL
    SELECT job_id, line, person_no, project_no, department_no, billable, -1, -jobs, -media_jobs, -category_jobs,
        -printed_area_mm2, -used_area_mm2, -ink_total_ul, -impressions, -sheets, -cost_micro, -price_micro,
        -unpriced_lines
    FROM accounting.current_line WHERE NOT voided
) AS told
GROUP BY job_id, line, person_no, project_no, department_no, billable
HAVING sum(states) <> 0 OR sum(jobs) <> 0 OR sum(media_jobs) <> 0 OR sum(category_jobs) <> 0
    OR sum(printed_area_mm2) <> 0 OR sum(used_area_mm2) <> 0 OR sum(ink_total_ul) <> 0 OR sum(impressions) <> 0
    OR sum(sheets) <> 0 OR sum(cost_micro) <> 0 OR sum(price_micro) <> 0 OR sum(unpriced_lines) <> 0

-- name: verify_no_amendment_that_follows_another_entry
-- Each amendment follows the last entry of the state before, and is of a line that is there.
SELECT 'amendment ' || a.entry_id || ' follows ' || a.follows_entry_id || ' instead of ' || coalesce(
    CASE WHEN b.voided THEN b.entry_id ELSE b.entry_id + 1 END, c.entry_id)::text
FROM accounting.amendment AS a
LEFT JOIN accounting.charge AS c
    ON c.entry_id = a.charge_entry_id AND c.line = a.line AND c.occurred_at = a.occurred_at
LEFT JOIN accounting.amendment AS b
    ON b.charge_entry_id = a.charge_entry_id AND b.line = a.line AND b.occurred_at = a.occurred_at
    AND b.revision = a.revision - 1
WHERE c.entry_id IS NULL
    OR a.follows_entry_id <> coalesce(CASE WHEN b.voided THEN b.entry_id ELSE b.entry_id + 1 END, c.entry_id)

-- name: verify_no_amendment_without_its_correction
-- Each correction says who, when and why, and has just the amendments that it counts, numbered from its first entry.
SELECT 'correction ' || coalesce(h.correction_no, a.correction_no) || ' has ' || coalesce(a.lines, 0) || ' of '
    || coalesce(h.lines, 0) || ' amendments, or no actor or reason'
FROM accounting.correction AS h
FULL JOIN (
    SELECT correction_no, count(*) AS lines, min(entry_id) AS first, max(entry_id) AS last,
        min(posted_at) AS earliest, max(posted_at) AS latest
    FROM accounting.amendment GROUP BY correction_no
) AS a USING (correction_no)
WHERE h.lines IS DISTINCT FROM a.lines OR h.first_entry_id <> a.first
    OR a.last <> a.first + 2 * (a.lines - 1) OR a.earliest <> h.made_at OR a.latest <> h.made_at
    OR btrim(h.actor) = '' OR btrim(h.reason) = ''

-- name: verify_no_amendment_that_is_unexplained
-- Whatever an amendment names by number is there, and a state without an amount counts as unpriced.
SELECT 'amendment ' || a.entry_id || ' is unexplained'
FROM accounting.amendment AS a
LEFT JOIN accounting.person AS w USING (person_no)
LEFT JOIN accounting.project_key AS x USING (project_no)
LEFT JOIN accounting.department_key AS d USING (department_no)
LEFT JOIN accounting.rule AS cr ON cr.rule_no = a.cost_rule_no
LEFT JOIN accounting.rule AS pr ON pr.rule_no = a.price_rule_no
WHERE num_nulls(w.key, x.key, d.key, cr.text, pr.text) > 0
    OR a.unpriced_lines <> (NOT a.voided AND (a.cost_micro IS NULL OR a.price_micro IS NULL))::integer

-- name: verify_no_amendment_beyond_its_offset
-- Both entries of an amendment are below where the stream of our own stands.
SELECT 'amendment ' || a.entry_id || ' is of offset ' || (a.entry_id & 17592186044415) || ' of our own stream'
FROM accounting.amendment AS a
LEFT JOIN accounting.offsets AS o
    ON o.stream_no = a.entry_id >> 52 AND o.partition = (a.entry_id >> 44) & 255 AND o.topic = ''
WHERE o.next_offset IS NULL OR ((a.entry_id + 1) & 17592186044415) >= o.next_offset

-- name: verify_no_entry_late_in_a_closed_month
-- What came after a month was closed is booked in a later one.
SELECT 'entry ' || e.entry_id || ' was booked on ' || e.day || ' after that month was closed'
FROM (
    SELECT entry_id, day FROM accounting.charge WHERE entry_kind = 1
    UNION ALL
    SELECT entry_id, day FROM accounting.amendment
) AS e
JOIN accounting.period_close AS p ON p.month = date_trunc('month', e.day)
LEFT JOIN accounting.period_position AS at
    ON at.month = p.month AND at.stream_no = e.entry_id >> 52 AND at.partition = (e.entry_id >> 44) & 255
WHERE (e.entry_id & 17592186044415) >= coalesce(at.next_offset, 0)

-- name: verify_no_month_closed_out_of_order
-- Months close one after the other, none is left out.
SELECT to_char(month, 'YYYY-MM') || ' was closed before the month before it'
FROM (
    SELECT month, closed_at, lag(month) OVER w AS before, lag(closed_at) OVER w AS closed_before
    FROM accounting.period_close WINDOW w AS (ORDER BY month)
) AS p
WHERE before <> month - interval '1 month' OR closed_before > closed_at

-- name: verify_no_correction_that_waits_for_a_posted_job
-- What a source took back is void, as soon as both are known.
SELECT 'job ' || w.corrects || ' was taken back and still counts'
FROM accounting.waiting_correction AS w JOIN accounting.job AS j ON j.job_id = w.corrects
