-- name: put_printer
-- What the registry says of a printer, into the ledger's dimension; answers a row when anything changed.
INSERT INTO accounting.printer AS p (key, name, model, serial, printer_group)
VALUES (%(key)s, %(name)s, %(model)s, %(serial)s, %(printer_group)s)
ON CONFLICT (key) DO UPDATE
SET name = EXCLUDED.name, model = EXCLUDED.model, serial = EXCLUDED.serial, printer_group = EXCLUDED.printer_group
WHERE (p.name, p.model, p.serial, p.printer_group)
    IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.model, EXCLUDED.serial, EXCLUDED.printer_group)
RETURNING 1

-- name: put_person
-- Answers a row when anything changed.
INSERT INTO accounting.person AS p (key, name, department)
VALUES (%(key)s, %(name)s, %(department)s)
ON CONFLICT (key) DO UPDATE SET name = EXCLUDED.name, department = EXCLUDED.department
WHERE (p.name, p.department) IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.department)
RETURNING 1

-- name: printer_facts
SELECT key, serial, model, printer_group FROM accounting.printer WHERE printer_no <> 0

-- name: person_departments
-- Whose jobs count for which department when the job itself names none.
SELECT key, department FROM accounting.person WHERE department <> ''
