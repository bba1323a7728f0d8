-- Later states of ledger lines, the corrections that made them, and the months that are closed.

-- One row per change that someone made, however many lines it changed: the head of its amendments.
-- `day` is the first day of the first open month when it was made: nothing was booked before it.
CREATE TABLE accounting.correction (
    correction_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('correction', 'void', 'reprice', 'undo')),
    actor text NOT NULL CHECK (actor <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    made_at timestamptz NOT NULL,
    open_from date NOT NULL,
    undoes bigint REFERENCES accounting.correction,
    lines bigint NOT NULL CHECK (lines > 0),
    first_entry_id bigint NOT NULL,
    request jsonb NOT NULL,
    CHECK ((kind = 'undo') = (undoes IS NOT NULL))
);
CREATE INDEX correction_by_entry ON accounting.correction (first_entry_id);

-- One row per change of one ledger line: the state after it. The state before is that of the revision before, or
-- of the charge itself. It stands for two entries: `entry_id`, the void leg, which takes the state before back, and
-- `entry_id` + 1, the new leg, which counts the state after; see the view accounting.leg. The key makes two
-- changes of one state of a line collide. `follows_entry_id` is the last entry of the state before.
CREATE TABLE accounting.amendment (
    entry_id bigint NOT NULL,
    charge_entry_id bigint NOT NULL,
    follows_entry_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    correction_no bigint NOT NULL,
    cost_micro bigint,
    price_micro bigint,
    day date NOT NULL,
    person_no integer NOT NULL,
    project_no integer NOT NULL,
    department_no integer NOT NULL,
    cost_rule_no integer NOT NULL,
    price_rule_no integer NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    line smallint NOT NULL,
    amendment_kind smallint NOT NULL CHECK (amendment_kind IN (3, 4, 5)),
    unpriced_lines smallint NOT NULL,
    billable boolean NOT NULL,
    voided boolean NOT NULL CHECK (voided = (amendment_kind = 4)),
    PRIMARY KEY (charge_entry_id, line, revision, occurred_at)
) PARTITION BY RANGE (occurred_at);

-- Rows come in order of time and of their ids: a few bytes per megabyte of table find what came after a moment (a
-- summary as of then) and a range of ids (the relay).
CREATE INDEX amendment_by_time ON accounting.amendment USING brin (posted_at) WITH (autosummarize = on);
CREATE INDEX amendment_by_entry ON accounting.amendment USING brin (entry_id) WITH (autosummarize = on);
CREATE INDEX amendment_by_correction ON accounting.amendment USING brin (correction_no) WITH (autosummarize = on);
CREATE INDEX charge_by_time ON accounting.charge USING brin (posted_at) WITH (autosummarize = on);

CREATE TRIGGER correction_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.correction
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_change();
CREATE TRIGGER amendment_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.amendment
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_change();

-- Months that are closed, in order; they stay closed. Whatever belongs to one of them but comes later is booked on
-- the first day of the first open month.
CREATE TABLE accounting.period_close (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    closed_at timestamptz NOT NULL,
    actor text NOT NULL CHECK (actor <> '')
);
-- How far each partition was taken at that moment: entries from there on may not be booked into the month.
CREATE TABLE accounting.period_position (
    month date NOT NULL REFERENCES accounting.period_close,
    stream_no smallint NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (month, stream_no, partition)
);
CREATE TRIGGER closed_stays_closed BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.period_close
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_change();
CREATE TRIGGER positions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.period_position
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_change();

-- The first day that is open for booking; -infinity while no month is closed.
CREATE FUNCTION accounting.open_from() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT coalesce((max(month) + interval '1 month')::date, '-infinity') FROM accounting.period_close
$$;

-- Makes the partitions of a month (UTC), of charge and of amendment, if they are missing. Made apart and then
-- attached, they never wait for, nor stop, those who insert. Answers whether any had to be made.
CREATE OR REPLACE FUNCTION accounting.make_month(month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    name text;
    made boolean := false;
    first text := to_char(month, 'YYYY-MM') || '-01 00:00:00+00';
    next text := to_char(month + interval '1 month', 'YYYY-MM') || '-01 00:00:00+00';
BEGIN
    FOREACH parent IN ARRAY ARRAY['charge', 'amendment'] LOOP
        name := parent || '_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('accounting.' || name) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('accounting.make_month'));
        -- Asks the table itself: to_regclass would answer from a cache that has not yet heard of whoever held the
        -- lock.
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_catalog.pg_class AS c
            WHERE c.relnamespace = 'accounting'::regnamespace AND c.relname = name
        );
        EXECUTE format('CREATE TABLE accounting.%I (LIKE accounting.%I INCLUDING ALL)', name, parent);
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_change()', parent || '_is_append_only', name);
        EXECUTE format(
            'ALTER TABLE accounting.%I ATTACH PARTITION accounting.%I FOR VALUES FROM (%L) TO (%L)',
            parent, name, first, next);
        made := true;
    END LOOP;
    RETURN made;
END
$$;

-- The months that have charges already.
SELECT accounting.make_month(to_date(right(c.relname, 7), 'YYYY_MM'))
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'accounting.charge'::regclass;
