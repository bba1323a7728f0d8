-- name: lists_with_minimum
-- Versions of price lists with a minimum that anything was ever charged by.
SELECT array_agg(l.id) FROM accounting.price_list AS l
WHERE l.state = 'published' AND l.definition ? 'minimum_per_job'
    AND EXISTS (SELECT FROM accounting.rule AS r WHERE r.list_id = l.id)

-- name: any_later
-- Whether anything was corrected since a correction.
SELECT EXISTS (SELECT FROM accounting.correction WHERE correction_no > %(undoes)s)

-- name: keep_later
-- Of minimum charges an undo takes back only what its correction changed: what became of the rest since stays. Where
-- somebody moved one that the correction had moved, it is based on a state that is no more, and so refused.
UPDATE pg_temp.staged_amendment AS s
SET (person_no, project_no, department_no, billable) = (
        CASE WHEN d.is_moved THEN s.person_no ELSE n.person_no END,
        CASE WHEN d.is_moved THEN s.project_no ELSE n.project_no END,
        CASE WHEN d.is_moved THEN s.department_no ELSE n.department_no END,
        CASE WHEN d.is_moved THEN s.billable ELSE n.billable END
    ),
    cost_micro = CASE WHEN a.cost_micro <> s.cost_micro THEN s.cost_micro ELSE n.cost_micro END,
    price_micro = CASE WHEN a.price_micro <> s.price_micro THEN s.price_micro ELSE n.price_micro END,
    cost_rule_no = CASE WHEN a.cost_rule_no <> s.cost_rule_no THEN s.cost_rule_no ELSE n.cost_rule_no END,
    price_rule_no = CASE WHEN a.price_rule_no <> s.price_rule_no THEN s.price_rule_no ELSE n.price_rule_no END,
    voided = CASE WHEN a.voided <> s.voided THEN s.voided ELSE n.voided END,
    based_on = CASE
        WHEN d.is_moved AND (a.person_no, a.project_no, a.department_no, a.billable)
            <> (n.person_no, n.project_no, n.department_no, n.billable)
        THEN a.revision ELSE n.revision
    END
FROM accounting.amendment AS a
JOIN pg_temp.staged_amendment AS t ON t.charge_entry_id = a.charge_entry_id AND t.line = a.line
JOIN accounting.current_line AS n
    ON n.entry_id = a.charge_entry_id AND n.line = a.line AND n.occurred_at = a.occurred_at AND n.entry_kind = 2
CROSS JOIN LATERAL (
    SELECT (a.person_no, a.project_no, a.department_no, a.billable)
            <> (t.person_no, t.project_no, t.department_no, t.billable) AS is_moved
) AS d
WHERE a.correction_no = %(undoes)s AND s.charge_entry_id = a.charge_entry_id AND s.line = a.line
    AND a.entry_id >= %(first_entry_id)s AND a.entry_id < %(first_entry_id)s + 2 * %(lines)s

-- name: owing_jobs
-- Jobs of which what is staged changes what their lines come to, and that have or may need a minimum charge: what the
-- lines that then stand come to in each book (NULL where one lacks an amount), the rule of the list that decides, and
-- the line of the minimum charge, now and as it is staged. `named` are minimum charges that were voided on purpose.
-- For an undo: those jobs only of which a line was changed after the correction that is undone, and still is; in all
-- others the minimum charge is restored with its lines. {cost_rule} and {price_rule} are `priced_last`.
WITH line AS (
    SELECT l.entry_id, l.occurred_at, l.line, l.outcome, l.entry_kind = 2 AS is_minimum,
        l.entry_kind = 1 AND NOT coalesce(s.voided, l.voided) AS stands, l.voided AS was_voided, l.correction_no,
        s.charge_entry_id IS NOT NULL AS is_staged, coalesce(s.voided, l.voided) AS voided,
        l.cost_micro AS old_cost_micro, l.price_micro AS old_price_micro, l.cost_rule_no AS old_cost_rule_no,
        l.price_rule_no AS old_price_rule_no,
        CASE WHEN s.charge_entry_id IS NULL THEN l.cost_micro ELSE s.cost_micro END AS cost_micro,
        CASE WHEN s.charge_entry_id IS NULL THEN l.price_micro ELSE s.price_micro END AS price_micro,
        coalesce(s.cost_rule_no, l.cost_rule_no) AS cost_rule_no,
        coalesce(s.price_rule_no, l.price_rule_no) AS price_rule_no,
        coalesce(s.person_no, l.person_no) AS person_no, coalesce(s.project_no, l.project_no) AS project_no,
        coalesce(s.department_no, l.department_no) AS department_no, coalesce(s.billable, l.billable) AS billable
    FROM accounting.current_line AS l
    LEFT JOIN pg_temp.staged_amendment AS s ON s.charge_entry_id = l.entry_id AND s.line = l.line
    WHERE (l.entry_id, l.occurred_at) IN (SELECT charge_entry_id, occurred_at FROM pg_temp.staged_amendment)
        AND l.occurred_at >= (SELECT min(occurred_at) FROM pg_temp.staged_amendment)
        AND l.occurred_at <= (SELECT max(occurred_at) FROM pg_temp.staged_amendment)
        AND (
            %(undoes)s::bigint IS NULL OR l.entry_id IN (
                SELECT a.charge_entry_id FROM accounting.amendment AS a WHERE a.correction_no > %(undoes)s::bigint
                    AND a.occurred_at >= (SELECT min(occurred_at) FROM pg_temp.staged_amendment)
                    AND a.occurred_at <= (SELECT max(occurred_at) FROM pg_temp.staged_amendment)
            )
        )
), priced AS (
    SELECT l.*, c.list_id AS cost_list, p.list_id AS price_list
    FROM line AS l
    JOIN accounting.rule AS c ON c.rule_no = l.cost_rule_no
    JOIN accounting.rule AS p ON p.rule_no = l.price_rule_no
), job AS (
    SELECT entry_id, occurred_at, min(outcome) AS outcome, count(*) FILTER (WHERE stands) AS standing,
        CASE WHEN bool_and(cost_micro IS NOT NULL) FILTER (WHERE stands) THEN sum(cost_micro) FILTER (WHERE stands) END
            AS cost_micro,
        CASE WHEN bool_and(price_micro IS NOT NULL) FILTER (WHERE stands) THEN sum(price_micro) FILTER (WHERE stands) END
            AS price_micro,
        min(line) FILTER (WHERE stands) AS first_line,
        min(cost_list) FILTER (WHERE stands OR is_minimum) IS DISTINCT FROM max(cost_list) FILTER (WHERE stands OR is_minimum)
            AS cost_differs,
        min(price_list) FILTER (WHERE stands OR is_minimum) IS DISTINCT FROM max(price_list) FILTER (WHERE stands OR is_minimum)
            AS price_differs,
        -- The first of them that names a list, else the first of them.
        (coalesce(min(line::bigint << 32 | cost_rule_no) FILTER (WHERE (stands OR is_minimum) AND cost_list IS NOT NULL),
            min(line::bigint << 32 | cost_rule_no) FILTER (WHERE stands OR is_minimum)) & 4294967295)::integer
            AS cost_rule_no,
        (coalesce(min(line::bigint << 32 | price_rule_no) FILTER (WHERE (stands OR is_minimum) AND price_list IS NOT NULL),
            min(line::bigint << 32 | price_rule_no) FILTER (WHERE stands OR is_minimum)) & 4294967295)::integer
            AS price_rule_no,
        min(line) FILTER (WHERE is_minimum) AS own_line,
        coalesce(bool_or(is_staged) FILTER (WHERE is_minimum), false) AS own_staged,
        coalesce(bool_or(voided) FILTER (WHERE is_minimum), false) AS own_voided,
        coalesce(bool_or(was_voided) FILTER (WHERE is_minimum), false) AS own_was_voided,
        min(old_cost_micro) FILTER (WHERE is_minimum) AS own_cost_micro,
        min(old_price_micro) FILTER (WHERE is_minimum) AS own_price_micro,
        min(cost_rule_no) FILTER (WHERE is_minimum) AS own_cost_rule_no,
        min(price_rule_no) FILTER (WHERE is_minimum) AS own_price_rule_no
    FROM priced
    GROUP BY entry_id, occurred_at
    HAVING bool_or(is_staged AND (voided <> was_voided OR NOT voided AND (
            cost_micro IS DISTINCT FROM old_cost_micro OR price_micro IS DISTINCT FROM old_price_micro
        )))
        AND (bool_or(is_minimum) OR bool_or(cost_list = ANY (%(lists)s) OR price_list = ANY (%(lists)s)))
), last_cost AS (
    {cost_rule}
), last_price AS (
    {price_rule}
)
SELECT j.entry_id, j.occurred_at, j.outcome, j.standing, j.cost_micro, j.price_micro,
    coalesce(lc.rule_no, j.cost_rule_no), coalesce(lp.rule_no, j.price_rule_no), j.first_line, j.own_line,
    j.own_staged, j.own_voided, j.own_was_voided, j.own_cost_micro, j.own_price_micro, j.own_cost_rule_no,
    j.own_price_rule_no,
    -- A minimum charge that was voided while another line stood was voided on purpose, and stays so.
    CASE
        WHEN j.standing = 0 OR NOT CASE WHEN %(undoes)s::bigint IS NULL THEN j.own_was_voided ELSE j.own_voided END
        THEN false
        ELSE EXISTS (
            SELECT FROM accounting.charge AS c
            WHERE c.entry_id = j.entry_id AND c.occurred_at = j.occurred_at AND c.entry_kind = 1 AND coalesce((
                SELECT NOT a.voided FROM accounting.amendment AS a
                WHERE a.charge_entry_id = c.entry_id AND a.line = c.line AND a.occurred_at = c.occurred_at
                    AND a.correction_no <= (
                        SELECT max(v.correction_no) FROM accounting.amendment AS v
                        WHERE v.charge_entry_id = j.entry_id AND v.line = j.own_line AND v.occurred_at = j.occurred_at
                            AND v.voided
                    )
                ORDER BY a.revision DESC LIMIT 1
            ), true)
        )
    END
FROM job AS j
LEFT JOIN last_cost AS lc USING (entry_id)
LEFT JOIN last_price AS lp USING (entry_id)
WHERE NOT (%(named)s AND j.own_staged AND j.own_voided)
    AND (%(undoes)s::bigint IS NULL OR EXISTS (
        SELECT FROM accounting.current_line AS n
        JOIN accounting.charge AS c ON c.entry_id = n.entry_id AND c.line = n.line AND c.occurred_at = n.occurred_at
        LEFT JOIN LATERAL (
            SELECT * FROM accounting.amendment AS a
            WHERE a.charge_entry_id = n.entry_id AND a.line = n.line AND a.occurred_at = n.occurred_at
                AND a.correction_no <= %(undoes)s::bigint
            ORDER BY a.revision DESC LIMIT 1
        ) AS t ON true
        WHERE n.entry_id = j.entry_id AND n.occurred_at = j.occurred_at AND n.correction_no > %(undoes)s::bigint
            AND (
                n.voided <> coalesce(t.voided, false)
                OR n.cost_micro IS DISTINCT FROM CASE WHEN t.revision IS NULL THEN c.cost_micro ELSE t.cost_micro END
                OR n.price_micro IS DISTINCT FROM CASE WHEN t.revision IS NULL THEN c.price_micro ELSE t.price_micro END
            )
    ))

-- name: priced_last
-- Where the lines of a job follow several lists in a book, as only some were priced again, the one that a line was
-- priced by last decides.
SELECT DISTINCT ON (x.entry_id) x.entry_id, x.{book}_rule_no AS rule_no
FROM priced AS x
JOIN job AS j ON j.entry_id = x.entry_id AND j.{book}_differs
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN x.is_staged AND x.{book}_rule_no <> x.old_{book}_rule_no THEN 9223372036854775807
        ELSE coalesce((
            SELECT min(a.correction_no) FROM accounting.amendment AS a
            WHERE a.charge_entry_id = x.entry_id AND a.line = x.line AND a.occurred_at = x.occurred_at
                AND a.revision > coalesce((
                    SELECT max(b.revision) FROM accounting.amendment AS b
                    WHERE b.charge_entry_id = x.entry_id AND b.line = x.line AND b.occurred_at = x.occurred_at
                        AND b.{book}_rule_no <> x.{book}_rule_no
                ), (
                    SELECT CASE WHEN c.{book}_rule_no = x.{book}_rule_no THEN 2147483647 ELSE 0 END
                    FROM accounting.charge AS c
                    WHERE c.entry_id = x.entry_id AND c.line = x.line AND c.occurred_at = x.occurred_at
                ))
        ), 0)
    END AS since
) AS s
WHERE (x.stands OR x.is_minimum) AND x.{book}_list IS NOT NULL
ORDER BY x.entry_id, s.since DESC, x.line

-- name: rules
SELECT rule_no, list_id, text FROM accounting.rule WHERE rule_no = ANY (%(numbers)s)

-- name: price_lists
SELECT id, version, valid_from, valid_until, definition FROM accounting.price_list WHERE id = ANY (%(ids)s)

-- name: number_rules
-- The numbers of rules, made where they are new.
WITH asked AS (
    SELECT * FROM unnest(%(keys)s::text[], %(lists)s::bigint[], %(texts)s::text[]) AS u(key, list_id, text)
), made AS (
    INSERT INTO accounting.rule (key, list_id, text)
    SELECT key, list_id, text FROM asked AS u
    WHERE NOT EXISTS (SELECT FROM accounting.rule AS r WHERE r.key = u.key) ORDER BY key
    ON CONFLICT (key) DO NOTHING RETURNING key, rule_no
)
SELECT key, rule_no FROM made UNION ALL SELECT r.key, r.rule_no FROM accounting.rule AS r JOIN asked USING (key)

-- name: restage
-- What becomes of minimum charges whose line is staged already, as it went with the lines of its job.
UPDATE pg_temp.staged_amendment AS s
SET cost_micro = w.cost_micro, price_micro = w.price_micro, cost_rule_no = w.cost_rule_no,
    price_rule_no = w.price_rule_no, voided = w.voided
FROM unnest(
    %(entries)s::bigint[], %(lines)s::smallint[], %(costs)s::bigint[], %(prices)s::bigint[],
    %(cost_rules)s::integer[], %(price_rules)s::integer[], %(voided)s::boolean[]
) AS w(entry_id, line, cost_micro, price_micro, cost_rule_no, price_rule_no, voided)
WHERE s.charge_entry_id = w.entry_id AND s.line = w.line

-- name: stage_owed
-- What becomes of minimum charges that have a line.
INSERT INTO pg_temp.staged_amendment (
    charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no, department_no, cost_rule_no,
    price_rule_no, based_on, line, billable, voided
)
SELECT l.entry_id, l.occurred_at, w.cost_micro, w.price_micro, l.person_no, l.project_no, l.department_no,
    w.cost_rule_no, w.price_rule_no, l.revision, l.line, l.billable, w.voided
FROM unnest(
    %(entries)s::bigint[], %(moments)s::timestamptz[], %(lines)s::smallint[], %(costs)s::bigint[],
    %(prices)s::bigint[], %(cost_rules)s::integer[], %(price_rules)s::integer[], %(voided)s::boolean[]
) AS w(entry_id, occurred_at, line, cost_micro, price_micro, cost_rule_no, price_rule_no, voided)
JOIN accounting.current_line AS l
    ON l.entry_id = w.entry_id AND l.line = w.line AND l.occurred_at = w.occurred_at
WHERE l.occurred_at >= (SELECT min(occurred_at) FROM pg_temp.staged_amendment)
    AND l.occurred_at <= (SELECT max(occurred_at) FROM pg_temp.staged_amendment)

-- name: whom_lines_count_for
-- Whom some lines count for once what is staged is posted.
SELECT l.entry_id, coalesce(s.person_no, l.person_no), coalesce(s.project_no, l.project_no),
    coalesce(s.department_no, l.department_no), coalesce(s.billable, l.billable)
FROM unnest(%(entries)s::bigint[], %(moments)s::timestamptz[], %(lines)s::smallint[]) AS w(entry_id, occurred_at, line)
JOIN accounting.current_line AS l
    ON l.entry_id = w.entry_id AND l.line = w.line AND l.occurred_at = w.occurred_at
LEFT JOIN pg_temp.staged_amendment AS s ON s.charge_entry_id = l.entry_id AND s.line = l.line
WHERE l.occurred_at >= (SELECT min(occurred_at) FROM pg_temp.staged_amendment)
    AND l.occurred_at <= (SELECT max(occurred_at) FROM pg_temp.staged_amendment)

-- name: add_minimums
-- A line for the minimum charge of jobs that have none: first with nothing in it, as the ledger's rows never change,
-- and its amounts as the next state.
WITH wanted AS (
    SELECT * FROM unnest(
        %(entries)s::bigint[], %(moments)s::timestamptz[], %(lines)s::integer[], %(people)s::integer[],
        %(projects)s::integer[], %(departments)s::integer[], %(billable)s::boolean[], %(costs)s::bigint[],
        %(prices)s::bigint[], %(cost_rules)s::integer[], %(price_rules)s::integer[]
    ) AS w(entry_id, occurred_at, line, person_no, project_no, department_no, billable, cost_micro, price_micro,
        cost_rule_no, price_rule_no)
), added AS (
    INSERT INTO accounting.charge (
        entry_id, occurred_at, posted_at, job_id, cost_micro, price_micro, day, printer_no, person_no, project_no,
        department_no, media_no, category_no, quality_no, finishing_no, ink_set_no, cost_rule_no, price_rule_no, line,
        entry_kind, kind, outcome, jobs, media_jobs, category_jobs, unpriced_lines, billable
    )
    SELECT c.entry_id, c.occurred_at, clock_timestamp(), c.job_id, 0, 0, greatest(c.day, accounting.open_from()),
        c.printer_no, c.person_no, c.project_no, c.department_no, 0, 0, 0, 0, 0, w.cost_rule_no, w.price_rule_no,
        j.lines, 2, c.kind, c.outcome, 0, 0, 0, 0, c.billable
    FROM wanted AS w
    JOIN accounting.charge AS c ON c.entry_id = w.entry_id AND c.line = w.line AND c.occurred_at = w.occurred_at
    JOIN accounting.job AS j ON j.job_id = c.job_id
    RETURNING entry_id, occurred_at, line
)
INSERT INTO pg_temp.staged_amendment (charge_entry_id, occurred_at, cost_micro, price_micro, person_no, project_no,
    department_no, cost_rule_no, price_rule_no, based_on, line, billable, voided)
SELECT a.entry_id, a.occurred_at, w.cost_micro, w.price_micro, w.person_no, w.project_no, w.department_no,
    w.cost_rule_no, w.price_rule_no, 0, a.line, w.billable, false
FROM added AS a JOIN wanted AS w USING (entry_id)

