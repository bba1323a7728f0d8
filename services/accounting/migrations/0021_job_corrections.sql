-- What was told of jobs and is taken back. A job is corrected once; what takes its place may be corrected in turn.
CREATE TABLE accounting.job_correction (
    corrects uuid PRIMARY KEY,
    replaced_by uuid,
    entry_id bigint NOT NULL,
    said_hash bigint NOT NULL,
    posted_at timestamptz NOT NULL,
    reason text NOT NULL,
    words text NOT NULL CHECK (words <> ''),
    evidence jsonb NOT NULL
);
CREATE INDEX job_correction_by_replacement ON accounting.job_correction (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE TRIGGER job_correction_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounting.job_correction
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.refuse_change();

-- Corrections whose job is not void yet: within a batch all of its own, and for as long as it takes those of jobs that
-- the ledger has not seen. Whenever such a job comes, it is voided in the transaction that posts it.
CREATE TABLE accounting.waiting_correction (
    corrects uuid PRIMARY KEY REFERENCES accounting.job_correction
);
