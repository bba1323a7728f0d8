-- name: take_printers
-- Makes a collector the owner of those printers that are free: its own, released, new, or all if it waited enough.
-- Answers each with the cursor, and whether it was this collector's before.
WITH before AS (
  SELECT printer_id, owner FROM collector.cursor WHERE printer_id = ANY (%(ids)s)
), taken AS (
  INSERT INTO collector.cursor AS c (printer_id, owner)
  SELECT id, %(me)s FROM collector.printer WHERE id = ANY (%(ids)s) ORDER BY id
  ON CONFLICT (printer_id) DO UPDATE SET owner = excluded.owner, released = false, changed_at = clock_timestamp()
  WHERE c.owner = excluded.owner OR c.released OR %(waited)s
  RETURNING printer_id, reading_id, value, job_ids
)
SELECT taken.printer_id, taken.reading_id, taken.value, taken.job_ids, before.owner IS NOT DISTINCT FROM %(me)s
FROM taken LEFT JOIN before USING (printer_id);

-- name: keep_cursors
-- Stores cursors, unless another collector has taken the printer meanwhile.
UPDATE collector.cursor AS c
SET reading_id = n.reading_id, value = n.value, job_ids = n.job_ids, changed_at = clock_timestamp()
FROM unnest(%(ids)s::text[], %(reading_ids)s::text[], %(values)s::text[], %(job_ids)s::text[])
  AS n (printer_id, reading_id, value, job_ids)
WHERE c.printer_id = n.printer_id AND c.owner = %(me)s;

-- name: keep_first_cursor
-- Stores the very first cursor of a device, before any of its jobs is told.
UPDATE collector.cursor
SET reading_id = %(reading_id)s, value = %(value)s, job_ids = '', changed_at = clock_timestamp()
WHERE printer_id = %(id)s AND owner = %(me)s AND (value = '' OR reading_id <> %(reading_id)s);

-- name: release_printers
-- Lets go of printers, for whoever comes next.
UPDATE collector.cursor SET released = true, changed_at = clock_timestamp()
WHERE printer_id = ANY (%(ids)s) AND owner = %(me)s;

-- name: others_reading
-- Whether another collector has told anything within so many seconds.
SELECT EXISTS (
  SELECT FROM collector.printer_status
  WHERE collector <> %(me)s AND written_at > clock_timestamp() - make_interval(secs => %(within_s)s)
);

-- name: write_statuses
-- What polling has found of printers.
INSERT INTO collector.printer_status AS s (printer_id, collector, status, written_at)
SELECT id, %(me)s, n.status, clock_timestamp()
FROM unnest(%(ids)s::text[], %(statuses)s::text[]) AS n (printer_id, status)
JOIN collector.printer ON id = n.printer_id
ORDER BY id
ON CONFLICT (printer_id) DO UPDATE SET
  collector = excluded.collector, status = excluded.status, written_at = excluded.written_at;

-- name: statuses_since
-- What other collectors have found lately; the first time also what this one had found in an earlier run.
SELECT printer_id, collector, status, written_at FROM collector.printer_status
WHERE written_at > %(since)s AND (collector <> %(me)s OR %(own)s)
ORDER BY written_at;
