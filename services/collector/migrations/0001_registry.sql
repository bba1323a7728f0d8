-- The registry of printers. A removed printer stays, so that it comes back under its old id when it is added again.
CREATE TABLE collector.printer (
  id              text PRIMARY KEY,
  name            text NOT NULL CHECK (name <> ''),
  address         text NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('ipp', 'cups')),
  serial          text,
  uuid            text,
  model           text,
  printer_group   text,
  enabled         boolean NOT NULL DEFAULT true,
  disabled_reason text,
  added_at        timestamptz NOT NULL,
  changed_at      timestamptz NOT NULL,
  removed_at      timestamptz,
  version         bigint NOT NULL DEFAULT 1,
  announced       bigint NOT NULL DEFAULT 0 CHECK (announced <= version),
  idempotency_key text
);

COMMENT ON TABLE collector.printer IS 'Printers that are read, or were; one row per device, ever.';
COMMENT ON COLUMN collector.printer.serial IS 'Identity of the device, with uuid: survives a new name and a new address.';
COMMENT ON COLUMN collector.printer.version IS 'Grows by one with each change; the entity tag of the HTTP API.';
COMMENT ON COLUMN collector.printer.announced IS 'The version that printer.changed.v1 has told of; below version = still to be told.';

CREATE UNIQUE INDEX printer_name ON collector.printer (lower(name)) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX printer_address ON collector.printer (address) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX printer_serial ON collector.printer (serial) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX printer_uuid ON collector.printer (uuid) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX printer_idempotency_key ON collector.printer (idempotency_key);
