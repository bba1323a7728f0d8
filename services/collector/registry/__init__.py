"""The registry: which printers there are, kept in PostgreSQL and told by events."""
