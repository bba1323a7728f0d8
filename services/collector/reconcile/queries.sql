-- name: account_of_device
SELECT state FROM collector.counter_account WHERE device = %(device)s;

-- name: account_of_printer
-- That of the device that was read last under a printer's id: it may have been replaced.
SELECT state FROM collector.counter_account WHERE printer_id = %(printer_id)s ORDER BY kept_at DESC LIMIT 1;

-- name: keep_account
-- Unless a newer one is there.
INSERT INTO collector.counter_account AS a (device, printer_id, version, state)
VALUES (%(device)s, %(printer_id)s, %(version)s, %(state)s)
ON CONFLICT (device) DO UPDATE SET
  printer_id = excluded.printer_id, version = excluded.version, state = excluded.state, kept_at = clock_timestamp()
WHERE a.version < excluded.version;
