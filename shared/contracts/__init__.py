"""The contract as files: topics, JSON Schemas (the lock), examples, AsyncAPI documents."""
