-- Answers of creations by their Idempotency-Key, written in the same transaction as the creation itself: so a
-- request that is sent again, by whomever after whatever fault, creates nothing twice. No part of the ledger:
-- rows are forgotten after a while (services/accounting/idempotency.py).
CREATE TABLE accounting.idempotency (
    key text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 200),
    request_sha256 bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    status smallint,
    headers jsonb,
    body bytea
);
CREATE INDEX idempotency_made_at ON accounting.idempotency (made_at);
COMMENT ON TABLE accounting.idempotency IS
    'What was answered to a creation, by the caller''s key for it; status is NULL only before its transaction ends.';
