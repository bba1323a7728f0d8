-- An Idempotency-Key names one request: with another body it is refused.
ALTER TABLE collector.printer ADD COLUMN idempotency_request bytea;
ALTER TABLE collector.printer_group ADD COLUMN idempotency_request bytea;

COMMENT ON COLUMN collector.printer.idempotency_request IS 'SHA-256 of the request that used the key; null of those from before.';
COMMENT ON COLUMN collector.printer_group.idempotency_request IS 'SHA-256 of the request that used the key; null of those from before.';
