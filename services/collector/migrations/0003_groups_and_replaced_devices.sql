-- Groups that exist without printers, and devices that took the place of another.
CREATE TABLE collector.printer_group (
  id              text PRIMARY KEY,
  name            text NOT NULL CHECK (name <> ''),
  added_at        timestamptz NOT NULL,
  changed_at      timestamptz NOT NULL,
  version         bigint NOT NULL DEFAULT 1,
  idempotency_key text
);
COMMENT ON TABLE collector.printer_group IS
  'Groups of printers. collector.printer.printer_group holds the name: events and price lists name groups by it.';
CREATE UNIQUE INDEX printer_group_name ON collector.printer_group (lower(name));
CREATE UNIQUE INDEX printer_group_idempotency_key ON collector.printer_group (idempotency_key);

INSERT INTO collector.printer_group (id, name, added_at, changed_at)
SELECT gen_random_uuid()::text, min(printer_group), min(added_at), now()
FROM collector.printer WHERE printer_group IS NOT NULL AND removed_at IS NULL GROUP BY lower(printer_group);
UPDATE collector.printer p SET printer_group = g.name, version = version + 1
FROM (SELECT name FROM collector.printer_group) g
WHERE lower(p.printer_group) = lower(g.name) AND p.printer_group <> g.name AND p.removed_at IS NULL;

ALTER TABLE collector.printer ADD COLUMN device_since timestamptz;
ALTER TABLE collector.printer ADD COLUMN former_serials text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN collector.printer.device_since IS
  'When the present device took the place of another; null for the first one. Counters start anew from there.';
COMMENT ON COLUMN collector.printer.former_serials IS
  'Serial numbers of earlier devices at this place: jobs that still name them are of this printer.';
