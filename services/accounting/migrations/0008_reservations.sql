-- What the authenticator decided before a job printed, and what allowed jobs thereby reserve in budgets. A
-- reservation is never moved by hand: whether it is open, settled or expired follows from the ledger and the clock.

CREATE TABLE accounting.reservation (
    authorization_id text PRIMARY KEY,
    decision text NOT NULL CHECK (decision IN ('allow', 'hold', 'deny')),
    decided_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_by text NOT NULL,
    printer text NOT NULL,
    person text NOT NULL,
    project text NOT NULL,
    department text NOT NULL,
    estimate_micro bigint NOT NULL CHECK (estimate_micro >= 0),
    reason text NOT NULL
);
COMMENT ON TABLE accounting.reservation IS
    'The newest decision of each authorisation; settled_by is the correlation id that its job carries.';

-- Pages by time, and the few that may be open.
CREATE INDEX reservation_pages ON accounting.reservation (decided_at DESC, authorization_id DESC);
CREATE INDEX reservation_open ON accounting.reservation (expires_at) WHERE decision = 'allow';

-- Finds the job of an authorisation. Few jobs carry a correlation id, and the others are not in it.
CREATE INDEX job_correlation ON accounting.job (correlation_id) WHERE correlation_id IS NOT NULL;

-- The job's charge settles a reservation: as that is looked up in the ledger and not noted down, it holds from the
-- very commit that posts the charge, once and for ever, whichever of the two came first.
CREATE VIEW accounting.reservation_state AS
SELECT r.*, j.job_id,
    CASE
        WHEN r.decision <> 'allow' THEN r.decision
        WHEN j.job_id IS NOT NULL THEN 'settled'
        WHEN r.expires_at <= now() THEN 'expired'
        ELSE 'reserved'
    END AS state
FROM accounting.reservation AS r
LEFT JOIN LATERAL (
    SELECT job_id FROM accounting.job WHERE correlation_id = r.settled_by ORDER BY job_id LIMIT 1
) AS j ON true;

-- What is reserved now, by whom it would be charged to: person, project, department, customer. As in the ledger, a
-- job without a department counts for the person's.
CREATE VIEW accounting.reserved AS
SELECT o.owner, o.code, sum(r.estimate_micro)::bigint AS reserved_micro
FROM accounting.reservation AS r
LEFT JOIN accounting.person AS p ON p.key = r.person
LEFT JOIN accounting.project AS x ON x.kind = 'project' AND x.code = r.project
CROSS JOIN LATERAL (VALUES
    ('person', r.person),
    ('project', r.project),
    ('department', coalesce(nullif(r.department, ''), p.department, '')),
    ('customer', coalesce(x.customer, ''))
) AS o(owner, code)
WHERE r.decision = 'allow' AND r.expires_at > now() AND o.code <> ''
  AND NOT EXISTS (SELECT FROM accounting.job AS j WHERE j.correlation_id = r.settled_by)
GROUP BY o.owner, o.code;
