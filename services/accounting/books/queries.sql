-- name: list_price_lists
-- A page of versions by name and version, newest version first.
SELECT id, name, version, book, state, valid_from, valid_until, definition, sha256, created_at, published_at, published_by
FROM accounting.price_list
WHERE (name, -version) > (%(after_name)s, %(after_version)s)
ORDER BY name, -version
LIMIT %(limit)s

-- name: newest_price_list
-- One version of a list by its number, else its newest version of any state.
SELECT id, name, version, book, state, valid_from, valid_until, definition, sha256, created_at, published_at, published_by
FROM accounting.price_list
WHERE name = %(name)s AND (%(version)s::integer IS NULL OR version = %(version)s)
ORDER BY version DESC
LIMIT 1

-- name: lock_price_lists
-- Imports and publications come one after the other: version numbers must have no gap and no double.
SELECT revision FROM accounting.price_revision FOR UPDATE

-- name: add_draft
INSERT INTO accounting.price_list (name, version, book, valid_from, valid_until, definition, sha256)
VALUES (%(name)s, %(version)s, %(book)s, %(valid_from)s, %(valid_until)s, %(definition)s, %(sha256)s)
RETURNING id, name, version, book, state, valid_from, valid_until, definition, sha256, created_at, published_at, published_by

-- name: replace_draft
UPDATE accounting.price_list
SET book = %(book)s, valid_from = %(valid_from)s, valid_until = %(valid_until)s, definition = %(definition)s,
    sha256 = %(sha256)s, created_at = now()
WHERE id = %(id)s AND state = 'draft'
RETURNING id, name, version, book, state, valid_from, valid_until, definition, sha256, created_at, published_at, published_by

-- name: delete_draft
DELETE FROM accounting.price_list WHERE id = %(id)s AND state = 'draft'

-- name: publish_draft
UPDATE accounting.price_list
SET state = 'published', published_at = now(), published_by = %(published_by)s
WHERE id = %(id)s AND state = 'draft'
RETURNING id, name, version, book, state, valid_from, valid_until, definition, sha256, created_at, published_at, published_by

-- name: default_names
-- The lists that were named as a book's default since it was last taken away, the last one named last.
SELECT book, name FROM accounting.price_assignment AS a
WHERE level = 'default' AND name IS NOT NULL AND NOT EXISTS (
    SELECT FROM accounting.price_assignment AS later
    WHERE later.book = a.book AND later.level = 'default' AND later.key = '' AND later.name IS NULL AND later.no > a.no
)
ORDER BY no

-- name: published_spans
-- When each published version of a book counts.
SELECT name, version, valid_from, valid_until FROM accounting.price_list
WHERE state = 'published' AND book = %(book)s
ORDER BY name, version

-- name: newest_published
-- The version of a list that was published last.
SELECT id, name, version, book, state, valid_from, valid_until, definition, sha256, created_at, published_at, published_by
FROM accounting.price_list
WHERE name = %(name)s AND state = 'published'
ORDER BY version DESC
LIMIT 1

-- name: is_assigned
-- Whether a list counts for anybody beside the defaults.
SELECT EXISTS (
    SELECT FROM accounting.price_assignment AS a
    WHERE a.name = %(name)s AND a.level <> 'default' AND NOT EXISTS (
        SELECT FROM accounting.price_assignment AS later
        WHERE later.book = a.book AND later.level = a.level AND later.key = a.key AND later.no > a.no
    )
)

-- name: jobs_charged
-- How many jobs of some days are charged, from the narrowest sums.
SELECT coalesce(sum(jobs), 0)::bigint FROM accounting.rollup_printer
WHERE day >= %(first)s AND day < coalesce(%(end)s::date, 'infinity')

-- name: assignments
-- What counts now of each level, and all that were ever named by default, the last one assigned last.
SELECT book, level, key, name
FROM (
    SELECT no, book, level, key, name, row_number() OVER (PARTITION BY book, level, key ORDER BY no DESC) AS back
    FROM accounting.price_assignment
) AS a
WHERE level = 'default' OR (back = 1 AND name IS NOT NULL)
ORDER BY no

-- name: customers_of_projects
-- Whose each project is.
SELECT code, customer FROM accounting.project WHERE kind = 'project' AND customer <> ''

-- name: not_billable_projects
SELECT code FROM accounting.project WHERE kind = 'project' AND NOT billable

-- name: count_up_revision
UPDATE accounting.price_revision SET revision = revision + 1

-- name: price_revision
SELECT revision FROM accounting.price_revision

-- name: open_from
-- The first day that is open for booking; NULL while no month is closed.
SELECT nullif(accounting.open_from(), '-infinity')

-- name: published_price_lists
-- All that the ledger's writer needs of the published versions.
SELECT id, version, valid_from, valid_until, definition FROM accounting.price_list WHERE state = 'published' ORDER BY id

-- name: published_in_another_currency
SELECT name || ' v' || version, definition ->> 'currency' FROM accounting.price_list
WHERE state = 'published' AND definition ->> 'currency' <> %(currency)s
ORDER BY id DESC LIMIT 1
