-- What was counted and all taken back is no row of a summary: a person whose only job turned out to be another's, and
-- Unknown once the jobs turned up. The summary as of a moment did so before.

-- The sums of some business days by one thing: printer, kind, person, project, department, media, category, day,
-- month, or total. Whole months come from the sums by month where there are any, the days at both ends from those
-- by day. Runs with its owner's rights, as the tables are the service's own; what it answers is public.
CREATE OR REPLACE FUNCTION inkmeter.summary(by text, first_day date, last_day date)
RETURNS TABLE (
    key text, name text, jobs bigint, printed_area_mm2 numeric, used_area_mm2 numeric, ink_ul numeric,
    impressions bigint, sheets bigint, cost numeric, price numeric, unpriced_lines bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source accounting.summary_source;
    from_month date := date_trunc('month', first_day + interval '1 month' - interval '1 day');
    to_month date := date_trunc('month', last_day + 1);
    counts constant text := 'jobs, printed_area_mm2, used_area_mm2, ink_ul, impressions, sheets, cost_micro, '
        'price_micro, unpriced_lines';
    cells text;
    named text;
BEGIN
    SELECT * INTO source FROM accounting.summary_source AS s WHERE s.by = summary.by;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no summary by %', by USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF source.by_month IS NULL OR from_month >= to_month THEN
        cells := format('SELECT %s AS no, %s FROM accounting.%I WHERE day BETWEEN $1 AND $2',
            source.key, counts, source.by_day);
    ELSE
        cells := format(
            'SELECT %s AS no, %s FROM accounting.%I WHERE month >= $3 AND month < $4 '
            'UNION ALL SELECT %s, %s FROM accounting.%I WHERE day >= $1 AND day < $3 '
            'UNION ALL SELECT %s, %s FROM accounting.%I WHERE day >= $4 AND day <= $2',
            CASE by WHEN 'month' THEN 'month' ELSE source.key END, counts, source.by_month,
            source.key, counts, source.by_day, source.key, counts, source.by_day);
    END IF;
    named := CASE by
        WHEN 'day' THEN 'SELECT to_char(no, ''YYYY-MM-DD''), '''', '
        WHEN 'month' THEN 'SELECT to_char(no, ''YYYY-MM''), '''', '
        WHEN 'total' THEN 'SELECT '''', '''', '
        ELSE 'SELECT n.key, n.name, '
    END;
    RETURN QUERY EXECUTE named
        || 'jobs::bigint, printed_area_mm2, used_area_mm2, ink_ul, impressions::bigint, sheets::bigint, '
        || 'cost_micro * 0.000001, price_micro * 0.000001, unpriced_lines::bigint '
        || 'FROM (SELECT no, sum(jobs) AS jobs, sum(printed_area_mm2) AS printed_area_mm2, '
        || 'sum(used_area_mm2) AS used_area_mm2, sum(ink_ul) AS ink_ul, sum(impressions) AS impressions, '
        || 'sum(sheets) AS sheets, sum(cost_micro) AS cost_micro, sum(price_micro) AS price_micro, '
        || 'sum(unpriced_lines) AS unpriced_lines FROM (' || cells || ') AS cell GROUP BY no) AS summed'
        || CASE WHEN source.names <> '' THEN ' JOIN (' || source.names || ') AS n USING (no)' ELSE '' END
        -- A total is a row whatever it counts.
        || CASE WHEN by = 'total' THEN '' ELSE ' WHERE num_nulls(nullif(jobs, 0), nullif(printed_area_mm2, 0), '
        || 'nullif(used_area_mm2, 0), nullif(ink_ul, 0), nullif(impressions, 0), nullif(sheets, 0), '
        || 'nullif(cost_micro, 0), nullif(price_micro, 0), nullif(unpriced_lines, 0)) < 9' END
        USING first_day, last_day, from_month, to_month;
END
$$;
