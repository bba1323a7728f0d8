-- Who reads which printer, and what the next one must know to go on; what polling has found, for other collectors.
CREATE TABLE collector.cursor (
  printer_id text PRIMARY KEY REFERENCES collector.printer (id),
  owner      text NOT NULL,
  released   boolean NOT NULL DEFAULT false,
  reading_id text NOT NULL DEFAULT '',
  value      text NOT NULL DEFAULT '',
  job_ids    text NOT NULL DEFAULT '',
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE collector.cursor IS 'How far each printer was read, handed on from collector to collector.';
COMMENT ON COLUMN collector.cursor.owner IS 'INKMETER_COLLECTOR_ID of the collector that reads it, or read it last.';
COMMENT ON COLUMN collector.cursor.released IS 'Its owner has let go of it: the next one need not wait.';
COMMENT ON COLUMN collector.cursor.reading_id IS 'Whose history it is a place in: another device at the printer''s place starts anew.';
COMMENT ON COLUMN collector.cursor.value IS 'Made by the source, read by the source alone; only of what Kafka has.';
COMMENT ON COLUMN collector.cursor.job_ids IS 'Jobs that the printer still shows and Kafka has, with blanks between.';

CREATE TABLE collector.printer_status (
  printer_id text PRIMARY KEY REFERENCES collector.printer (id),
  collector  text NOT NULL,
  status     text NOT NULL,
  written_at timestamptz NOT NULL
);

COMMENT ON TABLE collector.printer_status IS 'What polling has found of each printer, as JSON, written on change and once a minute.';
CREATE INDEX printer_status_written ON collector.printer_status (written_at);
