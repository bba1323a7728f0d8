-- Until when a version of a price list counts at most, and whose projects are.

ALTER TABLE accounting.price_list
    ADD COLUMN valid_until timestamptz,
    ADD CONSTRAINT price_list_valid_for_some_time CHECK (valid_until > valid_from);

-- Where lists are assigned to customers, prices depend on whose project it is: the ledger must read that again.
CREATE FUNCTION accounting.count_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accounting.price_assignment WHERE level = 'customer') THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM becomes WHERE customer IS NOT NULL) THEN
            RETURN NULL;
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM becomes JOIN was USING (kind, code) WHERE becomes.customer IS DISTINCT FROM was.customer
    ) THEN
        RETURN NULL;
    END IF;
    UPDATE accounting.price_revision SET revision = revision + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER customers_of_new_projects AFTER INSERT ON accounting.project
    REFERENCING NEW TABLE AS becomes FOR EACH STATEMENT EXECUTE FUNCTION accounting.count_customers();
CREATE TRIGGER customers_of_projects AFTER UPDATE ON accounting.project
    REFERENCING OLD TABLE AS was NEW TABLE AS becomes
    FOR EACH STATEMENT EXECUTE FUNCTION accounting.count_customers();
