-- name: assignments
-- A page of what counts, by book, level and key: the newest row of each that has not taken its list away.
SELECT no, book, level, key, name, assigned_at, assigned_by
FROM (
    SELECT DISTINCT ON (book, level, key) no, book, level, key, name, assigned_at, assigned_by
    FROM accounting.price_assignment
    WHERE (book, level, key) > (%(after_book)s, %(after_level)s, %(after_key)s)
      AND (%(book)s::text IS NULL OR book = %(book)s)
      AND (%(level)s::text IS NULL OR level = %(level)s)
    ORDER BY book, level, key, no DESC
) AS newest
WHERE name IS NOT NULL AND (%(name)s::text IS NULL OR name = %(name)s)
ORDER BY book, level, key
LIMIT %(limit)s

-- name: assignment_history
-- All that was ever assigned in one place, the newest first; a page of it before a number.
SELECT no, book, level, key, name, assigned_at, assigned_by
FROM accounting.price_assignment
WHERE book = %(book)s AND level = %(level)s AND key = %(key)s AND no < %(before)s
ORDER BY no DESC
LIMIT %(limit)s

-- name: current_assignments
-- What counts for each of some keys.
SELECT k.key, a.name
FROM unnest(%(keys)s::text[]) AS k (key)
CROSS JOIN LATERAL (
    SELECT name FROM accounting.price_assignment
    WHERE book = %(book)s AND level = %(level)s AND key = k.key
    ORDER BY no DESC LIMIT 1
) AS a
WHERE a.name IS NOT NULL

-- name: assign
-- One row for each key whose list becomes another one; writing what is already there is no change.
INSERT INTO accounting.price_assignment (book, level, key, name, assigned_by)
SELECT %(book)s, %(level)s, w.key, w.name, %(by)s
FROM unnest(%(keys)s::text[], %(names)s::text[]) AS w (key, name)
LEFT JOIN LATERAL (
    SELECT name FROM accounting.price_assignment
    WHERE book = %(book)s AND level = %(level)s AND key = w.key
    ORDER BY no DESC LIMIT 1
) AS a ON true
WHERE a.name IS DISTINCT FROM w.name
ORDER BY w.key

-- name: books_of_lists
SELECT DISTINCT name, book FROM accounting.price_list WHERE name = ANY (%(names)s)

-- name: is_known
-- Whether there is already what a key names; a list may be assigned before.
SELECT CASE %(level)s::text
    WHEN 'default' THEN true
    WHEN 'printer' THEN EXISTS (SELECT FROM accounting.printer WHERE key = %(key)s OR serial = %(key)s)
    WHEN 'group' THEN EXISTS (SELECT FROM accounting.printer WHERE printer_group = %(key)s)
    WHEN 'model' THEN EXISTS (SELECT FROM accounting.printer WHERE model = %(key)s)
    ELSE EXISTS (SELECT FROM accounting.project WHERE kind = %(level)s AND code = %(key)s)
END
