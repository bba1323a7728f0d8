-- name: begin
-- Every part of an answer comes from one snapshot.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY

-- name: as_of
-- The moment of that snapshot.
SELECT now()

-- name: limit_time
-- Bounds every statement of this transaction, in ms.
SELECT set_config('statement_timeout', %(timeout_ms)s::text, true)

-- name: views_present
-- What this service reads and can't find; empty when all is well.
SELECT wanted.name
FROM unnest(ARRAY['inkmeter.summary_daily', 'inkmeter.charges', 'inkmeter.projects', 'inkmeter.printers'])
    AS wanted(name)
WHERE to_regclass(wanted.name) IS NULL
UNION ALL
SELECT wanted.name
FROM unnest(ARRAY['inkmeter.summary(text,date,date)', 'inkmeter.summary_as_of(text,date,date,timestamptz)'])
    AS wanted(name)
WHERE to_regprocedure(wanted.name) IS NULL

-- name: sums
-- The sums of a period by one thing, or its total: a job has one printer and one project, but may have several
-- media and categories, so that a total is no sum of those rows.
SELECT key, name, jobs, printed_area_mm2, used_area_mm2, ink_ul, impressions, sheets, cost, price, unpriced_lines
FROM inkmeter.summary(%(by)s, %(first_day)s, %(last_day)s)
LIMIT %(limit)s

-- name: sums_as_of
-- The same as they stood at a moment.
SELECT key, name, jobs, printed_area_mm2, used_area_mm2, ink_ul, impressions, sheets, cost, price, unpriced_lines
FROM inkmeter.summary_as_of(%(by)s, %(first_day)s, %(last_day)s, %(as_of)s)
LIMIT %(limit)s

-- name: gathered
-- The same by what several rows belong to: customers have projects, groups have printers.
SELECT coalesce(n.of, ''), max(n.name), sum(jobs)::bigint, sum(printed_area_mm2), sum(used_area_mm2), sum(ink_ul),
    sum(impressions)::bigint, sum(sheets)::bigint, sum(cost), sum(price), sum(unpriced_lines)::bigint
FROM (/*sums*/) AS s
LEFT JOIN (
    SELECT 'project' AS by, project AS key, customer AS of, customer_name AS name FROM inkmeter.projects
    UNION ALL SELECT 'printer', printer, printer_group, printer_group FROM inkmeter.printers
) AS n ON n.by = %(by)s AND n.key = s.key
GROUP BY 1
LIMIT %(limit)s

-- name: ledger
-- Counts line by line what no rollup holds: another time zone's days, or only some of the jobs.
-- Lines that take others back (leg -1) count backwards. A job counts where the ledger says so, like in the rollups;
-- where only some of its lines are asked for, it counts where lines of it are left. The line that brings a job up to
-- its minimum has an amount, but is no job and no line of one.
-- Days are those that lines are booked on, as in the rollups: what came for a closed month counts in the first open
-- one, which began before it was posted. Another zone has no booked days: there, the day of completion counts.
-- The last column is 1 in the one row that is the total, which comes first so that no limit cuts it off. A filter
-- that is NULL lets everything pass.
SELECT coalesce(key, ''), max(name),
  coalesce(sum(CASE
    WHEN num_nonnulls(%(media)s::text, %(category)s::text, %(billable)s::text, %(unpriced)s::text) > 0
      THEN sign(lines)
    WHEN is_total = 1 THEN jobs
    WHEN %(by)s::text = 'media' THEN media_jobs
    WHEN %(by)s::text = 'category' THEN category_jobs
    ELSE jobs
  END), 0)::bigint,
  coalesce(sum(printed_area_m2), 0) * 1000000,
  coalesce(sum(used_area_m2), 0) * 1000000, coalesce(sum(ink_ml), 0) * 1000,
  coalesce(sum(impressions), 0)::bigint, coalesce(sum(sheets), 0)::bigint, coalesce(sum(cost), 0),
  coalesce(sum(price), 0), coalesce(sum(unpriced_lines), 0)::bigint, is_total
FROM (
SELECT key, GROUPING(key) AS is_total, max(name) AS name, sum(jobs) AS jobs, sum(media_jobs) AS media_jobs,
  sum(category_jobs) AS category_jobs, sum(leg) FILTER (WHERE line_kind <> 'minimum') AS lines,
  sum(printed_area_m2) AS printed_area_m2, sum(used_area_m2) AS used_area_m2, sum(ink_ml) AS ink_ml,
  sum(impressions) AS impressions, sum(sheets) AS sheets, sum(cost) AS cost, sum(price) AS price,
  sum(unpriced_lines) AS unpriced_lines
FROM (
  SELECT job_id, leg, line_kind, jobs, media_jobs, category_jobs, unpriced_lines, printed_area_m2, used_area_m2,
    ink_ml, impressions, sheets, cost, price,
    CASE %(by)s::text
      WHEN 'printer' THEN printer
      WHEN 'group' THEN printer_group
      WHEN 'person' THEN person
      WHEN 'project' THEN project
      WHEN 'customer' THEN customer
      WHEN 'department' THEN department
      WHEN 'kind' THEN kind
      WHEN 'media' THEN media
      WHEN 'category' THEN category
      WHEN 'day' THEN to_char(counted_on, 'YYYY-MM-DD')
      WHEN 'month' THEN to_char(counted_on, 'YYYY-MM')
    END AS key,
    CASE %(by)s::text
      WHEN 'printer' THEN printer_name
      WHEN 'group' THEN printer_group
      WHEN 'person' THEN person_name
      WHEN 'project' THEN project_name
      WHEN 'customer' THEN customer_name
      WHEN 'department' THEN department_name
      WHEN 'kind' THEN kind
      WHEN 'media' THEN media_name
      WHEN 'category' THEN category
      ELSE ''
    END AS name
  FROM (
    SELECT *, CASE WHEN %(booked)s::boolean THEN day
      ELSE (completed_at AT TIME ZONE %(timezone)s::text)::date END AS counted_on
    FROM inkmeter.charges
    WHERE completed_at >= %(start)s AND completed_at < %(end)s
      AND (NOT %(booked)s::boolean OR day <= %(last_day)s)
    UNION ALL
    SELECT *, day FROM inkmeter.charges
    WHERE %(booked)s::boolean AND completed_at < %(start)s AND posted_at >= %(start)s
      AND day BETWEEN %(first_day)s AND %(last_day)s
  ) AS booked
  WHERE (%(as_of)s::timestamptz IS NULL OR posted_at <= %(as_of)s)
    AND (%(printer)s::text IS NULL OR printer = %(printer)s)
    AND (%(group)s::text IS NULL OR printer_group = %(group)s)
    AND (%(person)s::text IS NULL OR person = %(person)s)
    AND (%(project)s::text IS NULL OR project = %(project)s)
    AND (%(customer)s::text IS NULL OR customer = %(customer)s)
    AND (%(department)s::text IS NULL OR department = %(department)s)
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(media)s::text IS NULL OR media = %(media)s)
    AND (%(category)s::text IS NULL OR category = %(category)s)
    AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
    AND (%(billable)s::text IS NULL OR billable = %(billable)s::boolean)
    AND (%(unpriced)s::text IS NULL OR (unpriced_lines <> 0) = %(unpriced)s::boolean)
) AS line
GROUP BY GROUPING SETS ((key, job_id), (job_id))
-- The total is there also where nothing is.
UNION ALL SELECT NULL, 1, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
) AS job
GROUP BY is_total, key
ORDER BY is_total DESC
LIMIT %(limit)s
