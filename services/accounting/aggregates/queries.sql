-- name: newest_generation
SELECT no, base, told_at IS NOT NULL FROM accounting.aggregate_generation ORDER BY no DESC LIMIT 1

-- name: next_generation
SELECT nextval('accounting.aggregate_generation_no')

-- name: add_generation
INSERT INTO accounting.aggregate_generation (no, cells, base) VALUES (%(no)s, %(cells)s, %(base)s)

-- name: generation_told
UPDATE accounting.aggregate_generation SET told_at = now() WHERE no = %(no)s

-- name: base
-- Up to which entry each partition of the ledger is complete in this snapshot: batches and corrections hold their
-- row of offsets to the commit.
SELECT (stream_no::bigint << 8) | partition, (((stream_no::bigint << 8) | partition) << 44) + next_offset - 1
FROM accounting.offsets

-- name: windows
-- What the windows of one kind hold by the ledger: {start} is their beginning, {key} what is summed.
SELECT {start}, {key}, sum(l.jobs)::bigint, coalesce(sum(l.printed_area_mm2), 0)::bigint,
    coalesce(sum(l.used_area_mm2), 0)::bigint,
    coalesce(sum(l.used_area_mm2) FILTER (WHERE o.code IN ('cancelled_by_user', 'cancelled_by_device', 'aborted')),
        0)::bigint,
    coalesce(sum(l.ink_total_ul), 0)::bigint, coalesce(sum(l.impressions), 0)::bigint,
    coalesce(sum(l.sheets), 0)::bigint, coalesce(sum(l.unpriced_lines), 0)::bigint,
    coalesce(sum(l.cost_micro), 0)::bigint, coalesce(sum(l.price_micro), 0)::bigint
FROM accounting.leg AS l
JOIN accounting.code AS o ON o.what = 'outcome' AND o.no = l.outcome
{join}
WHERE {bound} >= %(since)s
GROUP BY 1, 2

-- name: densities
-- The last lines of each printer and medium whose ink is known, the newest first.
SELECT printer, media, ink_total_ul, printed_area_mm2 FROM (
    SELECT p.key AS printer, m.key AS media, c.ink_total_ul, c.printed_area_mm2, c.entry_id,
        row_number() OVER (PARTITION BY c.printer_no, c.media_no ORDER BY c.occurred_at DESC, c.entry_id DESC) AS at
    FROM accounting.charge AS c
    JOIN accounting.printer AS p USING (printer_no)
    JOIN accounting.media AS m USING (media_no)
    WHERE c.occurred_at >= %(since)s AND c.ink_total_ul IS NOT NULL AND c.printed_area_mm2 >= %(least_area_mm2)s
      AND c.entry_kind = 1
) AS line
WHERE at <= %(samples)s
ORDER BY printer, media, at DESC

-- name: repeats
-- Jobs among the given ones whose person printed the same document before, within the time. Job ids begin with the
-- completion time: their bounds keep the look-up to the hours that matter. What another telling of the same print took
-- the place of is no print of its own.
SELECT j.job_id::text, p.key, w.key, j.completed_at, array_agg(e.job_id::text ORDER BY e.job_id)
FROM accounting.job AS j
JOIN accounting.job AS e ON e.person_no = j.person_no AND e.title = j.title
JOIN accounting.printer AS p ON p.printer_no = j.printer_no
JOIN accounting.person AS w ON w.person_no = j.person_no
WHERE j.job_id = ANY (%(jobs)s::uuid[])
  AND e.job_id >= %(first)s::uuid AND e.job_id <= j.job_id
  AND e.completed_at > j.completed_at - make_interval(secs => %(within_s)s)
  AND j.person_no <> 0 AND j.title <> ''
  AND NOT EXISTS (SELECT FROM accounting.job_correction AS x WHERE x.corrects IN (j.job_id, e.job_id))
GROUP BY j.job_id, p.key, w.key, j.completed_at
HAVING count(*) >= %(least)s

-- name: raise_alerts
-- New ones only: an alert that was raised before stays as it was.
INSERT INTO accounting.alert (id, kind, subject, event)
VALUES (%(id)s, %(kind)s, %(subject)s, %(event)s) ON CONFLICT DO NOTHING

-- name: untold_alerts
SELECT id::text, subject, event FROM accounting.alert WHERE told_at IS NULL ORDER BY raised_at LIMIT %(limit)s

-- name: alerts_told
UPDATE accounting.alert SET told_at = now() WHERE id = ANY (%(ids)s::uuid[])
