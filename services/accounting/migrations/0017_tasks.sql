-- Long work that runs beside HTTP, and the lines that lack a cost or a price.

-- A task is claimed by a service for as long as `lease_until`; one whose service has died is claimed again. `done` and
-- `total` count lines. `attempts` tells one claim from the next.
CREATE TABLE accounting.task (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('what-if', 'reprice')),
    request jsonb NOT NULL,
    actor text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    done bigint NOT NULL DEFAULT 0,
    total bigint,
    result jsonb,
    problem text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    cancel_asked boolean NOT NULL DEFAULT false,
    CHECK ((state IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL))
);
CREATE INDEX task_waiting ON accounting.task (created_at) WHERE state IN ('queued', 'running');

-- The work list of unpriced lines stays quick however many lines have a price.
CREATE INDEX charge_unpriced ON accounting.charge (occurred_at, entry_id) WHERE unpriced_lines <> 0;
CREATE INDEX amendment_unpriced ON accounting.amendment (occurred_at, charge_entry_id) WHERE unpriced_lines <> 0;
