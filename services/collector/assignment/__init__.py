"""Which printers this collector reads: a share that Kafka gives, handed on through PostgreSQL."""
