-- How the counter of each device stands against its jobs, as the collector that reads it has written it last: for
-- whoever asks, and for the collector that reads the device next. The journal of a collector has the same.
CREATE TABLE collector.counter_account (
  device     text PRIMARY KEY,
  printer_id text NOT NULL,
  version    bigint NOT NULL,
  state      jsonb NOT NULL,
  kept_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX counter_account_printer ON collector.counter_account (printer_id, kept_at);
