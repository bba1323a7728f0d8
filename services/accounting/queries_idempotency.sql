-- name: claim
-- Takes a key, or one that is old enough to be forgotten. Where another transaction has it, waits for its end: then
-- answers no row if it was committed, and takes the key if not.
INSERT INTO accounting.idempotency AS i (key, request_sha256) VALUES (%(key)s, %(request_sha256)s)
ON CONFLICT (key) DO UPDATE
SET request_sha256 = EXCLUDED.request_sha256, made_at = now(), status = NULL, headers = NULL, body = NULL
WHERE i.made_at < now() - make_interval(hours => %(kept_hours)s)
RETURNING 1

-- name: earlier
SELECT request_sha256, status, headers, body FROM accounting.idempotency WHERE key = %(key)s

-- name: record
UPDATE accounting.idempotency SET status = %(status)s, headers = %(headers)s, body = %(body)s WHERE key = %(key)s

-- name: forget
-- A limited number of old keys, so that no transaction is long.
DELETE FROM accounting.idempotency
WHERE key IN (
    SELECT key FROM accounting.idempotency WHERE made_at < now() - make_interval(hours => %(kept_hours)s)
    ORDER BY made_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
