-- name: put_printer
-- Answers a row when anything changed.
INSERT INTO accounting.known_printer AS p (id, name, model, serial, printer_group, removed)
VALUES (%(id)s, %(name)s, %(model)s, %(serial)s, %(printer_group)s, %(removed)s)
ON CONFLICT (id) DO UPDATE
SET name = EXCLUDED.name, model = EXCLUDED.model, serial = EXCLUDED.serial,
    printer_group = EXCLUDED.printer_group, removed = EXCLUDED.removed
WHERE (p.name, p.model, p.serial, p.printer_group, p.removed)
    IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.model, EXCLUDED.serial, EXCLUDED.printer_group, EXCLUDED.removed)
RETURNING 1

-- name: remove_printer
-- Its history stays; only what it is called may still be asked.
UPDATE accounting.known_printer SET removed = true WHERE id = %(id)s AND NOT removed RETURNING 1

-- name: put_person
-- Answers a row when anything changed.
INSERT INTO accounting.known_person AS p (code, display_name, department, active)
VALUES (%(code)s, %(display_name)s, %(department)s, %(active)s)
ON CONFLICT (code) DO UPDATE
SET display_name = EXCLUDED.display_name, department = EXCLUDED.department, active = EXCLUDED.active
WHERE (p.display_name, p.department, p.active)
    IS DISTINCT FROM (EXCLUDED.display_name, EXCLUDED.department, EXCLUDED.active)
RETURNING 1

-- name: remove_person
DELETE FROM accounting.known_person WHERE code = %(code)s RETURNING 1

-- name: printer_facts
SELECT id, serial, model, printer_group FROM accounting.known_printer

-- name: person_departments
-- Whose jobs count for which department when the job itself names none.
SELECT code, department FROM accounting.known_person WHERE department <> ''
