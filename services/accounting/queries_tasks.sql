-- name: add_task
INSERT INTO accounting.task (kind, request, actor) VALUES (%(kind)s, %(request)s, %(actor)s) RETURNING *

-- name: get_task
SELECT * FROM accounting.task WHERE id = %(id)s AND kind = %(kind)s

-- name: claim_task
-- The next one that waits, or whose service has not been heard of; rows that others claim are passed over.
UPDATE accounting.task SET state = 'running', attempts = attempts + 1, done = 0,
    started_at = coalesce(started_at, now()), lease_until = now() + make_interval(secs => %(lease_s)s)
WHERE id = (
    SELECT id FROM accounting.task
    WHERE state = 'queued' OR (state = 'running' AND lease_until < now())
    ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *

-- name: beat
-- Keeps a claim; no row when it is another's by now. Answers whether the task is called off.
UPDATE accounting.task SET done = %(done)s, total = %(total)s, lease_until = now() + make_interval(secs => %(lease_s)s)
WHERE id = %(id)s AND state = 'running' AND attempts = %(attempts)s
RETURNING cancel_asked

-- name: end_task
UPDATE accounting.task SET state = %(state)s, result = %(result)s, problem = %(problem)s, done = %(done)s,
    total = %(total)s, ended_at = now(), lease_until = NULL
WHERE id = %(id)s AND state = 'running' AND attempts = %(attempts)s

-- name: cancel_task
-- One that waits ends at once, one that runs is told; one that has ended stays as it is.
UPDATE accounting.task SET cancel_asked = cancel_asked OR state IN ('queued', 'running'),
    ended_at = CASE WHEN state = 'queued' THEN now() ELSE ended_at END,
    state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END
WHERE id = %(id)s AND kind = %(kind)s
RETURNING *
