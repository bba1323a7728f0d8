-- Views of the published shape over one table of lines: 200 jobs of 30 days, some lines without a cost or a price.
DROP SCHEMA IF EXISTS inkmeter CASCADE;
CREATE SCHEMA inkmeter;
CREATE TABLE line AS
SELECT
  job_id, line, 'charge' AS entry_kind,
  CASE job_id
    WHEN 200 THEN timestamptz '2026-11-01 00:00+01'  -- the very first moment of a month
    ELSE timestamptz '2026-10-12 00:00+02' + (job_id * 129773 % 2592000) * interval '1 second'
  END AS completed_at,
  'pr-' || job_id % 3 AS printer, 'DesignJet ' || job_id % 3 AS printer_name,
  CASE WHEN job_id % 7 > 0 THEN 'u' || job_id % 7 ELSE '' END AS person, '' AS person_name,
  CASE WHEN job_id % 5 > 0 THEN 'P-' || job_id % 5 ELSE '' END AS project,
  CASE WHEN job_id % 5 > 0 THEN 'Project ' || job_id % 5 ELSE '' END AS project_name,
  CASE WHEN job_id % 4 > 0 THEN 'D' || job_id % 4 ELSE '' END AS department, '' AS department_name,
  CASE WHEN job_id % 3 = 1 THEN 'copy' ELSE 'print' END AS kind,
  CASE WHEN job_id % 11 > 0 THEN 'completed' ELSE 'aborted' END AS outcome,
  CASE line WHEN 1 THEN 'plain-80' ELSE 'canvas-340' END AS media,
  CASE line WHEN 1 THEN 'Plain 80' ELSE 'Canvas 340' END AS media_name,
  CASE (job_id + line) % 2 WHEN 1 THEN 'line-colour' ELSE 'image-high' END AS category,
  (job_id * 7919 + line) % 3000001 * 0.000001 AS printed_area_m2,
  (job_id * 7919 + line) % 3000001 * 0.000002 AS used_area_m2,
  job_id * 31 % 4000 * 0.001 AS ink_ml, 1::bigint AS impressions, 2::bigint AS sheets,
  CASE WHEN line = 2 AND job_id % 8 = 0 THEN NULL ELSE (job_id * 7919 + line) % 100000 * 0.0001 END AS cost,
  CASE WHEN line = 2 AND job_id % 4 = 0 THEN NULL ELSE (job_id * 7919 + line) % 160000 * 0.000001 END AS price
FROM generate_series(1::bigint, 200) AS job_id, generate_series(1, 2) AS line
WHERE line = 1 OR job_id % 2 = 0;

-- A job below its minimum gets a line more, which is neither a job nor of any media.
INSERT INTO line
SELECT job_id, 2, 'minimum', completed_at, printer, printer_name, person, person_name, project, project_name,
  department, department_name, kind, outcome, '', '', '', NULL, NULL, NULL, NULL, NULL, 0, 0.25
FROM line WHERE job_id IN (7, 13);

ALTER TABLE line ADD COLUMN leg smallint DEFAULT 1, ADD COLUMN line_kind text, ADD COLUMN jobs smallint,
  ADD COLUMN media_jobs smallint, ADD COLUMN category_jobs smallint, ADD COLUMN unpriced_lines smallint;
UPDATE line SET line_kind = entry_kind, jobs = (line = 1)::integer, media_jobs = (entry_kind = 'charge')::integer,
  category_jobs = (entry_kind = 'charge')::integer, unpriced_lines = (cost IS NULL OR price IS NULL)::integer;

-- The group of each printer, the customer of each project, and when each line was posted and for which day.
ALTER TABLE line ADD COLUMN printer_group text, ADD COLUMN customer text, ADD COLUMN customer_name text,
  ADD COLUMN billable boolean, ADD COLUMN posted_at timestamptz, ADD COLUMN day date;
UPDATE line SET printer_group = CASE printer WHEN 'pr-1' THEN '' ELSE 'cad' END, billable = job_id % 6 > 0,
  customer = CASE WHEN project IN ('P-1', 'P-2') THEN 'C-1' ELSE '' END,
  customer_name = CASE WHEN project IN ('P-1', 'P-2') THEN 'City' ELSE '' END,
  posted_at = completed_at + interval '1 minute', day = (completed_at AT TIME ZONE 'Europe/Berlin')::date;

CREATE VIEW inkmeter.charges AS SELECT * FROM line;
CREATE VIEW inkmeter.projects AS SELECT DISTINCT project, customer, customer_name FROM line;
CREATE VIEW inkmeter.printers AS SELECT DISTINCT printer, printer_group FROM line;

CREATE VIEW inkmeter.summary_daily AS
SELECT
  each.by, day, each.key, max(each.name) AS name,
  count(DISTINCT job_id) FILTER (WHERE entry_kind = 'charge') AS jobs, sum(printed_area_m2) AS printed_area_m2, sum(used_area_m2) AS used_area_m2,
  sum(ink_ml) AS ink_ml, sum(impressions)::bigint AS impressions, sum(sheets)::bigint AS sheets,
  sum(cost) AS cost, sum(price) AS price,
  count(*) FILTER (WHERE cost IS NULL OR price IS NULL) AS unpriced_lines
FROM line, LATERAL (VALUES
  ('printer', printer, printer_name), ('person', person, person_name), ('project', project, project_name),
  ('department', department, department_name), ('kind', kind, kind), ('media', media, media_name),
  ('category', category, category)
) AS each(by, key, name)
GROUP BY 1, 2, 3;

CREATE VIEW inkmeter.summary_monthly AS
SELECT
  by, date_trunc('month', day)::date AS month, key, max(name) AS name, sum(jobs)::bigint AS jobs,
  sum(printed_area_m2) AS printed_area_m2, sum(used_area_m2) AS used_area_m2, sum(ink_ml) AS ink_ml,
  sum(impressions)::bigint AS impressions, sum(sheets)::bigint AS sheets, sum(cost) AS cost, sum(price) AS price,
  sum(unpriced_lines)::bigint AS unpriced_lines
FROM inkmeter.summary_daily
GROUP BY 1, 2, 3;

CREATE FUNCTION inkmeter.summary(by text, first_day date, last_day date)
RETURNS TABLE (
  key text, name text, jobs bigint, printed_area_mm2 numeric, used_area_mm2 numeric, ink_ul numeric,
  impressions bigint, sheets bigint, cost numeric, price numeric, unpriced_lines bigint
) LANGUAGE sql STABLE AS $$
SELECT
  CASE summary.by WHEN 'day' THEN to_char(day, 'YYYY-MM-DD') WHEN 'month' THEN to_char(day, 'YYYY-MM')
    WHEN 'total' THEN '' ELSE key END,
  CASE WHEN summary.by IN ('day', 'month', 'total') THEN '' ELSE max(name) END,
  coalesce(sum(jobs), 0)::bigint, coalesce(sum(printed_area_m2), 0) * 1000000,
  coalesce(sum(used_area_m2), 0) * 1000000, coalesce(sum(ink_ml), 0) * 1000,
  coalesce(sum(impressions), 0)::bigint, coalesce(sum(sheets), 0)::bigint, coalesce(sum(cost), 0),
  coalesce(sum(price), 0), coalesce(sum(unpriced_lines), 0)::bigint
FROM inkmeter.summary_daily AS d
WHERE d.by = CASE WHEN summary.by IN ('day', 'month', 'total') THEN 'printer' ELSE summary.by END
  AND day BETWEEN first_day AND last_day
GROUP BY 1
$$;

-- What is summed up is counted line by line here: those that were posted by then.
CREATE FUNCTION inkmeter.summary_as_of(by text, first_day date, last_day date, as_of timestamptz)
RETURNS TABLE (
  key text, name text, jobs bigint, printed_area_mm2 numeric, used_area_mm2 numeric, ink_ul numeric,
  impressions bigint, sheets bigint, cost numeric, price numeric, unpriced_lines bigint
) LANGUAGE sql STABLE AS $$
SELECT
  CASE summary_as_of.by WHEN 'day' THEN to_char(day, 'YYYY-MM-DD') WHEN 'month' THEN to_char(day, 'YYYY-MM')
    WHEN 'printer' THEN printer WHEN 'project' THEN project WHEN 'media' THEN media ELSE '' END,
  CASE summary_as_of.by WHEN 'printer' THEN max(printer_name) WHEN 'project' THEN max(project_name)
    WHEN 'media' THEN max(media_name) ELSE '' END,
  count(DISTINCT job_id) FILTER (WHERE entry_kind = 'charge'), coalesce(sum(printed_area_m2), 0) * 1000000,
  coalesce(sum(used_area_m2), 0) * 1000000, coalesce(sum(ink_ml), 0) * 1000, coalesce(sum(impressions), 0)::bigint,
  coalesce(sum(sheets), 0)::bigint, coalesce(sum(cost), 0), coalesce(sum(price), 0), sum(unpriced_lines)
FROM line WHERE posted_at <= as_of AND day BETWEEN first_day AND last_day
GROUP BY 1
$$;
