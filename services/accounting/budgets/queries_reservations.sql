-- name: keep_reservation
-- The newest decision of an authorisation; an older one, or the same again, changes nothing.
INSERT INTO accounting.reservation AS r (authorization_id, decision, decided_at, expires_at, settled_by, printer,
    person, project, department, estimate_micro, reason)
VALUES (%(authorization_id)s, %(decision)s, %(decided_at)s, %(expires_at)s, %(settled_by)s, %(printer)s,
    %(person)s, %(project)s, %(department)s, %(estimate_micro)s, %(reason)s)
ON CONFLICT (authorization_id) DO UPDATE SET decision = EXCLUDED.decision, decided_at = EXCLUDED.decided_at,
    expires_at = EXCLUDED.expires_at, settled_by = EXCLUDED.settled_by, printer = EXCLUDED.printer,
    person = EXCLUDED.person, project = EXCLUDED.project, department = EXCLUDED.department,
    estimate_micro = EXCLUDED.estimate_micro, reason = EXCLUDED.reason
WHERE EXCLUDED.decided_at > r.decided_at

-- name: list_reservations
-- A page, the last decided first.
SELECT authorization_id, decision, state, decided_at, expires_at, printer, person, project, department,
    estimate_micro, job_id, reason
FROM accounting.reservation_state
WHERE (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(person)s::text IS NULL OR person = %(person)s)
  AND (%(project)s::text IS NULL OR project = %(project)s)
  AND (%(department)s::text IS NULL OR department = %(department)s)
  AND (%(after_time)s::timestamptz IS NULL
       OR (decided_at, authorization_id) < (%(after_time)s::timestamptz, %(after_id)s::text))
ORDER BY decided_at DESC, authorization_id DESC
LIMIT %(limit)s
