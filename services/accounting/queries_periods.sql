-- name: wait_at_most
-- Writers queue behind a close that waits: it waits briefly, or is tried again.
SET LOCAL lock_timeout = '5s'

-- name: stop_writers
-- Waits for every transaction that posts, and lets none begin until this one ends.
LOCK TABLE accounting.offsets IN EXCLUSIVE MODE

-- name: closing
-- The month as it stands: when it was closed and by whom, if it was; the first month that is open, and the first one
-- that anything is booked in.
SELECT p.closed_at, p.actor, nullif(accounting.open_from(), '-infinity') AS open_from,
    (SELECT date_trunc('month', min(day))::date FROM accounting.rollup_printer) AS first_month
FROM (SELECT %(month)s::date AS month) AS asked
LEFT JOIN accounting.period_close AS p USING (month)

-- name: close
INSERT INTO accounting.period_close (month, closed_at, actor) VALUES (%(month)s, clock_timestamp(), %(actor)s)

-- name: remember_positions
INSERT INTO accounting.period_position (month, stream_no, partition, next_offset)
SELECT %(month)s, stream_no, partition, next_offset FROM accounting.offsets

-- name: list_periods
-- A page of months, the newest first, from the first one with bookings, or that was closed, to the present one. `late`
-- is what came after the close and belongs to jobs of the month, but is booked later.
SELECT m.month, p.closed_at, p.actor, s.*, coalesce(l.late_lines, 0) AS late_lines, coalesce(l.late_jobs, 0) AS late_jobs,
    coalesce(l.late_cost, 0) AS late_cost, coalesce(l.late_price, 0) AS late_price
FROM (
    SELECT each::date AS month FROM generate_series(
        least(
            (SELECT date_trunc('month', min(day))::date FROM accounting.rollup_printer),
            (SELECT min(month) FROM accounting.period_close),
            %(this_month)s::date
        ),
        %(this_month)s::date, interval '1 month'
    ) AS each
    WHERE %(before)s::date IS NULL OR each < %(before)s::date
    ORDER BY 1 DESC LIMIT %(limit)s
) AS m
LEFT JOIN accounting.period_close AS p USING (month)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(jobs), 0)::bigint AS jobs, coalesce(sum(cost), 0) AS cost, coalesce(sum(price), 0) AS price,
        coalesce(sum(unpriced_lines), 0)::bigint AS unpriced_lines
    FROM inkmeter.summary('total', m.month, (m.month + interval '1 month' - interval '1 day')::date)
) AS s
LEFT JOIN LATERAL (
    SELECT count(*) AS late_lines, sum(jobs) AS late_jobs, coalesce(sum(cost_micro), 0) * 0.000001 AS late_cost,
        coalesce(sum(price_micro), 0) * 0.000001 AS late_price
    FROM accounting.leg
    WHERE posted_at > p.closed_at AND day >= m.month + interval '1 month'
        AND occurred_at >= m.month::timestamp AT TIME ZONE %(timezone)s
        AND occurred_at < (m.month + interval '1 month') AT TIME ZONE %(timezone)s
) AS l ON p.closed_at IS NOT NULL
ORDER BY m.month DESC
