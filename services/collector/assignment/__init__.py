"""Which printers this collector reads: a share that Kafka gives it, taken over and handed on through PostgreSQL."""
