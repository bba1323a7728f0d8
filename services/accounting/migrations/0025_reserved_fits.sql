-- What is reserved now, by whom it would be charged to: person, project, department, customer. As in the ledger, a
-- job without a department counts for the person's. More than fits is as much as fits: senseless estimates of one owner
-- must not keep the budgets of others from being asked.
CREATE OR REPLACE VIEW accounting.reserved AS
SELECT o.owner, o.code, least(sum(r.estimate_micro), 4000000000000000000)::bigint AS reserved_micro
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
