-- What jobs told of printers that the registry does not know, or knows without model or serial number: their jobs
-- were charged by it, so whoever prices them again must have it. Written once, when a printer is first met.
ALTER TABLE accounting.printer ADD COLUMN told_serial text NOT NULL DEFAULT '';
ALTER TABLE accounting.printer ADD COLUMN told_model text NOT NULL DEFAULT '';

-- Printers as price lists see them: the registry's word where there is one, else what jobs told.
CREATE VIEW accounting.known_printer AS
SELECT printer_no, key, name, coalesce(nullif(serial, ''), told_serial) AS serial,
    coalesce(nullif(model, ''), told_model) AS model, printer_group
FROM accounting.printer;
