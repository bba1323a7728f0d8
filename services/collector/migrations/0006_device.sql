-- What each device said last, and which of its alerts are open, for whichever collector reads it next.
CREATE TABLE collector.device (
  printer_id text PRIMARY KEY REFERENCES collector.printer (id),
  collector  text NOT NULL,
  memory     text NOT NULL,
  reading    text NOT NULL,
  read_at    timestamptz NOT NULL
);

COMMENT ON TABLE collector.device IS 'What each device said last by SNMP, written when it changes.';
COMMENT ON COLUMN collector.device.memory IS 'What was told of it, as JSON: digest of its last state, alerts that are open.';
COMMENT ON COLUMN collector.device.reading IS 'Its last reading, as JSON.';
