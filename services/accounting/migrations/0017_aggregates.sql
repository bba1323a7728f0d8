-- What the aggregates worker must remember beyond its own tables, which a rebuild throws away.

-- Each rebuild of the live windows is a generation with topics of its own. `base` says up to which entry of each
-- partition of the ledger its windows were counted by SQL: what the topic tells of those again is in them already.
CREATE SEQUENCE accounting.aggregate_generation_no;
CREATE TABLE accounting.aggregate_generation (
    no bigint PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now(),
    cells bigint NOT NULL,
    base jsonb NOT NULL,
    told_at timestamptz
);

-- Every alert, once: whoever finds the same again finds it here. It is told to Kafka after its commit.
CREATE TABLE accounting.alert (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    raised_at timestamptz NOT NULL DEFAULT now(),
    event bytea NOT NULL,
    told_at timestamptz
);
CREATE INDEX alert_untold ON accounting.alert (raised_at) WHERE told_at IS NULL;
