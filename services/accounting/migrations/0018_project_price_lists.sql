-- A project, customer or department tells its own price list, and is told anew when it gets another one.

CREATE FUNCTION accounting.assigned_price_list(level text, key text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT a.name FROM accounting.price_assignment AS a
    WHERE a.book = 'price' AND a.level = $1 AND a.key = $2 ORDER BY a.no DESC LIMIT 1
$$;

CREATE FUNCTION accounting.note_project_price_lists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounting.project AS p SET changed_at = now(), revision = p.revision + 1
    FROM (SELECT DISTINCT level, key FROM assigned WHERE book = 'price') AS a
    WHERE p.kind = a.level AND p.code = a.key;
    RETURN NULL;
END
$$;
CREATE TRIGGER assignments_change_projects AFTER INSERT ON accounting.price_assignment
    REFERENCING NEW TABLE AS assigned FOR EACH STATEMENT EXECUTE FUNCTION accounting.note_project_price_lists();
