-- name: load_device
-- What is kept of one printer's device.
SELECT collector, memory, reading FROM collector.device WHERE printer_id = %(id)s;

-- name: save_devices
-- Keeps what was read last; printers that were never registered here are passed over, and so is what is older.
INSERT INTO collector.device AS d (printer_id, collector, memory, reading, read_at)
SELECT n.printer_id, %(me)s, n.memory, n.reading, n.read_at
FROM unnest(%(ids)s::text[], %(memories)s::text[], %(readings)s::text[], %(read_at)s::timestamptz[])
  AS n (printer_id, memory, reading, read_at)
JOIN collector.printer AS p ON p.id = n.printer_id
ORDER BY n.printer_id
ON CONFLICT (printer_id) DO UPDATE
SET collector = excluded.collector, memory = excluded.memory, reading = excluded.reading, read_at = excluded.read_at
WHERE d.read_at <= excluded.read_at;
