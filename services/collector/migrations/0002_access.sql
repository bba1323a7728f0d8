-- More ways to read a printer, and how to log in to it: sealed by the collector, never readable here.
ALTER TABLE collector.printer DROP CONSTRAINT printer_kind_check;
ALTER TABLE collector.printer ADD CONSTRAINT printer_kind_check
  CHECK (kind IN ('ipp', 'cups', 'piws', 'ews', 'snmp'));

ALTER TABLE collector.printer ADD COLUMN sealed_access text;
COMMENT ON COLUMN collector.printer.sealed_access IS
  'User name, password, SNMP community and pinned certificate: AES-256-GCM with INKMETER_SECRET_KEY, bound to the id.';
