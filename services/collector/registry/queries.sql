-- name: every_printer
-- All printers that were not removed.
SELECT id, name, address, kind, serial, uuid, model, printer_group, enabled, disabled_reason, added_at, changed_at,
       removed_at, version, sealed_access, device_since, former_serials
FROM collector.printer
WHERE removed_at IS NULL
ORDER BY name;

-- name: id_before
-- The id of a device that was registered and removed: it comes back under it.
SELECT id FROM collector.printer
WHERE removed_at IS NOT NULL AND (serial = %(serial)s OR (uuid = %(uuid)s AND serial IS NOT DISTINCT FROM %(serial)s))
ORDER BY removed_at DESC LIMIT 1;

-- name: add_printer
-- A new printer; or one that was removed, under its old id. Its group is made if it is not there.
WITH grouped AS (
  INSERT INTO collector.printer_group (id, name, added_at, changed_at)
  SELECT %(group_id)s, %(group)s, %(at)s, %(at)s WHERE %(group)s::text IS NOT NULL
  ON CONFLICT (lower(name)) DO UPDATE SET name = collector.printer_group.name
  RETURNING name
)
INSERT INTO collector.printer AS p
  (id, name, address, kind, serial, uuid, model, printer_group, added_at, changed_at, idempotency_key,
   idempotency_request, sealed_access)
VALUES (
  %(id)s, %(name)s, %(address)s, %(kind)s, %(serial)s, %(uuid)s, %(model)s, (SELECT name FROM grouped), %(at)s, %(at)s,
  %(idempotency_key)s, %(idempotency_request)s, %(sealed_access)s
)
ON CONFLICT (id) DO UPDATE SET
  name = excluded.name, address = excluded.address, kind = excluded.kind, serial = excluded.serial,
  uuid = excluded.uuid, model = excluded.model, printer_group = excluded.printer_group, enabled = true,
  disabled_reason = NULL, changed_at = excluded.changed_at, removed_at = NULL, version = p.version + 1,
  idempotency_key = excluded.idempotency_key, idempotency_request = excluded.idempotency_request,
  sealed_access = excluded.sealed_access
RETURNING id, name, address, kind, serial, uuid, model, printer_group, enabled, disabled_reason, added_at, changed_at,
          removed_at, version, sealed_access, device_since, former_serials;

-- name: printer_by_idempotency_key
-- The printer that an earlier request with the key has added, and, last, what that request was.
SELECT id, name, address, kind, serial, uuid, model, printer_group, enabled, disabled_reason, added_at, changed_at,
       removed_at, version, sealed_access, device_since, former_serials, idempotency_request
FROM collector.printer
WHERE idempotency_key = %(idempotency_key)s AND removed_at IS NULL;

-- name: change_printer
-- Compare and set: no row when somebody else was faster. Its group is made if it is not there.
WITH grouped AS (
  INSERT INTO collector.printer_group (id, name, added_at, changed_at)
  SELECT %(group_id)s, %(group)s, %(at)s, %(at)s WHERE %(group)s::text IS NOT NULL
    AND EXISTS (SELECT FROM collector.printer WHERE id = %(id)s AND version = %(version)s)
  ON CONFLICT (lower(name)) DO UPDATE SET name = collector.printer_group.name
  RETURNING name
)
UPDATE collector.printer SET
  name = %(name)s, address = %(address)s, kind = %(kind)s, serial = %(serial)s, uuid = %(uuid)s, model = %(model)s,
  printer_group = (SELECT name FROM grouped), enabled = %(enabled)s, disabled_reason = %(disabled_reason)s, changed_at = %(at)s,
  removed_at = %(removed_at)s, sealed_access = %(sealed_access)s, device_since = %(device_since)s,
  former_serials = %(former_serials)s, version = version + 1
WHERE id = %(id)s AND version = %(version)s AND removed_at IS NULL
RETURNING id, name, address, kind, serial, uuid, model, printer_group, enabled, disabled_reason, added_at, changed_at,
          removed_at, version, sealed_access, device_since, former_serials;

-- name: unannounced
-- Printers, removed ones too, whose newest state was not told yet.
SELECT id, name, address, kind, serial, uuid, model, printer_group, enabled, disabled_reason, added_at, changed_at,
       removed_at, version, sealed_access, device_since, former_serials
FROM collector.printer
WHERE announced < version
ORDER BY changed_at;

-- name: mark_announced
-- That version was told; a newer one may be there by now.
UPDATE collector.printer SET announced = %(version)s WHERE id = %(id)s AND announced < %(version)s;
