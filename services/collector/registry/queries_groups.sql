-- name: every_group
-- All groups with how many printers each has.
SELECT g.id, g.name, g.added_at, g.changed_at, g.version,
       (SELECT count(*) FROM collector.printer p WHERE p.printer_group = g.name AND p.removed_at IS NULL)
FROM collector.printer_group g
ORDER BY lower(g.name), g.id;

-- name: one_group
-- One group by its id.
SELECT g.id, g.name, g.added_at, g.changed_at, g.version,
       (SELECT count(*) FROM collector.printer p WHERE p.printer_group = g.name AND p.removed_at IS NULL)
FROM collector.printer_group g
WHERE g.id = %(id)s;

-- name: group_by_idempotency_key
-- The group that an earlier request with the key has made, and what that request was.
SELECT id, idempotency_request FROM collector.printer_group WHERE idempotency_key = %(idempotency_key)s;

-- name: add_group
-- A new group without printers.
INSERT INTO collector.printer_group (id, name, added_at, changed_at, idempotency_key, idempotency_request)
VALUES (%(id)s, %(name)s, %(at)s, %(at)s, %(idempotency_key)s, %(idempotency_request)s);

-- name: rename_group
-- Compare and set: no row when somebody else was faster. The old name is answered.
UPDATE collector.printer_group g SET name = %(name)s, changed_at = %(at)s, version = g.version + 1
FROM (SELECT id, name FROM collector.printer_group WHERE id = %(id)s FOR UPDATE) before
WHERE g.id = before.id AND g.version = %(version)s
RETURNING before.name;

-- name: remove_group
-- Compare and set: no row when somebody else was faster. The name is answered.
DELETE FROM collector.printer_group WHERE id = %(id)s AND version = %(version)s RETURNING name;

-- name: move_members
-- Every printer of a group gets another group, or none; each is a change of that printer, which is told.
UPDATE collector.printer SET printer_group = %(to)s, changed_at = %(at)s, version = version + 1
WHERE printer_group = %(from)s AND removed_at IS NULL;
