-- name: stream_of_topic
SELECT stream_no FROM accounting.stream WHERE topic = %(topic)s

-- name: add_stream
-- Numbers a topic once and for ever; the first one from Kafka is 0, 1 is taken by entries of our own.
INSERT INTO accounting.stream (stream_no, topic)
SELECT CASE WHEN count(*) = 1 THEN 0 ELSE max(stream_no) + 1 END, %(topic)s FROM accounting.stream
ON CONFLICT DO NOTHING

-- name: lease_partitions
-- A start takes partitions over: whoever wrote them before has an epoch that counts no more.
INSERT INTO accounting.offsets AS o (topic, partition, next_offset, epoch, stream_no)
SELECT %(topic)s, partition, 0, 1, %(stream_no)s FROM unnest(%(partitions)s::integer[]) AS partition ORDER BY 2
ON CONFLICT (topic, partition) DO UPDATE SET epoch = o.epoch + 1
RETURNING partition, epoch, next_offset

-- name: stuck_writers
-- Ends writers of this database that hold a transaction open and do nothing: a frozen process would do so for ever.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = %(name)s AND pid <> pg_backend_pid()
  AND xact_start < now() - make_interval(secs => %(idle_s)s)
  AND (state = 'idle in transaction' OR wait_event_type = 'Client')
  AND state_change < now() - make_interval(secs => %(idle_s)s)

-- name: standing
SELECT partition, epoch, next_offset FROM accounting.offsets
WHERE topic = %(topic)s AND partition = ANY (%(partitions)s)

-- name: fence
-- Moves the batch's partitions on, if they still stand where this worker left them; its row locks make writers of
-- a partition wait for each other.
UPDATE accounting.offsets AS o SET next_offset = m.new
FROM unnest(%(partitions)s::integer[], %(epochs)s::bigint[], %(expected)s::bigint[], %(new)s::bigint[])
    AS m(partition, epoch, expected, new)
WHERE o.topic = %(topic)s AND o.partition = m.partition AND o.epoch = m.epoch AND o.next_offset = m.expected

-- name: open_from
-- The first day that is open for booking; NULL while no month is closed.
SELECT nullif(accounting.open_from(), '-infinity')

-- name: stage
-- Temporary tables live as long as the connection; their rows as long as the transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_job (LIKE accounting.job, ordinal integer) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staged_charge (LIKE accounting.charge) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS posted_job (entry_id bigint, job_id uuid) ON COMMIT DELETE ROWS;

-- name: post_jobs
-- Of each job the first telling, unless the job is there already. In key order, so that writers never wait for
-- each other in a circle.
WITH posted AS (
    INSERT INTO accounting.job ({job_columns})
    SELECT {job_columns} FROM (
        SELECT DISTINCT ON (job_id) * FROM pg_temp.staged_job ORDER BY job_id, ordinal
    ) AS first
    ORDER BY job_id
    ON CONFLICT (job_id) DO NOTHING
    RETURNING entry_id, job_id
)
INSERT INTO pg_temp.posted_job SELECT entry_id, job_id FROM posted

-- name: contradictions
-- Records that tell another story of a job than the one that was posted.
SELECT s.entry_id FROM pg_temp.staged_job AS s JOIN accounting.job AS j USING (job_id)
WHERE s.payload_hash <> j.payload_hash

-- name: keep_posted
-- From here on staged_charge holds just what is posted.
DELETE FROM pg_temp.staged_charge AS c
WHERE NOT EXISTS (SELECT FROM pg_temp.posted_job AS p WHERE p.entry_id = c.entry_id)

-- name: post_charges
INSERT INTO accounting.charge ({charge_columns})
SELECT {charge_columns} FROM pg_temp.staged_charge ORDER BY entry_id, line

-- name: keep_dead_letter
INSERT INTO accounting.dead_letter (topic, partition, record_offset, key, value, reason, pointer, refused_at)
VALUES (%(topic)s, %(partition)s, %(offset)s, %(key)s, %(value)s, %(reason)s, %(pointer)s, %(refused_at)s)
ON CONFLICT DO NOTHING

-- name: relay_positions
-- Partitions with charges that were not told yet. Rows of other relays are passed over while those hold them.
SELECT c.topic, c.partition, o.stream_no, c.next_offset, o.next_offset
FROM accounting.relay_cursor AS c JOIN accounting.offsets AS o USING (topic, partition)
WHERE c.next_offset < o.next_offset
ORDER BY c.topic, c.partition

-- name: relay_claim
-- Holds a partition's cursor until the transaction ends; no row if another relay has it.
SELECT c.next_offset, o.next_offset
FROM accounting.relay_cursor AS c JOIN accounting.offsets AS o USING (topic, partition)
WHERE c.topic = %(topic)s AND c.partition = %(partition)s
FOR UPDATE OF c SKIP LOCKED

-- name: relay_new_cursors
INSERT INTO accounting.relay_cursor (topic, partition)
SELECT topic, partition FROM accounting.offsets ON CONFLICT DO NOTHING

-- name: relay_move
UPDATE accounting.relay_cursor SET next_offset = %(next_offset)s
WHERE topic = %(topic)s AND partition = %(partition)s

-- name: relay_rows
-- Ledger lines of a range of entries in their order, with numbers that the relay knows the meaning of. {lines} is one
-- of the two below: whatever came from Kafka is charges, the stream of our own is legs of amendments.
SELECT c.entry_id, c.line, c.entry_kind, c.follows_entry_id, c.follows_line, c.job_id::text, j.job_key,
    c.printer_no, c.person_no, c.project_no, c.department_no, c.billable, c.kind, c.outcome, c.media_no, c.category_no,
    c.printed_area_mm2, c.used_area_mm2, c.ink_total_ul, c.impressions, c.sheets,
    c.cost_micro, c.cost_rule_no, c.price_micro, c.price_rule_no,
    c.occurred_at, c.posted_at, c.day, c.jobs, c.unpriced_lines, c.correction_no
FROM {lines} AS c
JOIN accounting.job AS j USING (job_id)
WHERE c.place >= %(first)s AND c.place < %(end)s
ORDER BY c.entry_id, c.line
LIMIT %(limit)s

-- name: charges
(SELECT charge.*, entry_id AS place, NULL::bigint AS correction_no FROM accounting.charge)

-- name: amendments
accounting.amendment_leg

-- name: relay_codes
SELECT what, no, code FROM accounting.code WHERE what IN ('entry_kind', 'kind', 'outcome')

-- name: relay_keys
-- What numbers of a dimension stand for.
SELECT {number}, key FROM {table} WHERE {number} = ANY (%(numbers)s)

-- name: relay_rules
SELECT r.rule_no, l.name, l.version, r.text
FROM accounting.rule AS r LEFT JOIN accounting.price_list AS l ON l.id = r.list_id
WHERE r.rule_no = ANY (%(numbers)s)

-- name: relay_corrections
SELECT correction_no, actor, reason FROM accounting.correction WHERE correction_no = ANY (%(numbers)s)

-- name: relay_dead_letters
SELECT topic, partition, record_offset, key, value, reason, pointer, refused_at FROM accounting.dead_letter
WHERE relayed_at IS NULL ORDER BY topic, partition, record_offset LIMIT %(limit)s FOR UPDATE SKIP LOCKED

-- name: relay_dead_letters_done
UPDATE accounting.dead_letter AS d SET relayed_at = now()
FROM unnest(%(topics)s::text[], %(partitions)s::integer[], %(offsets)s::bigint[])
    AS told(topic, partition, record_offset)
WHERE (d.topic, d.partition, d.record_offset) = (told.topic, told.partition, told.record_offset)

-- name: posted_before
-- What was posted of these jobs, and what it said.
SELECT job_id, payload_hash FROM accounting.job WHERE job_id = ANY (%b)
