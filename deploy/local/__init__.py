"""A real Kafka and a real PostgreSQL with nothing but Python on the machine."""
