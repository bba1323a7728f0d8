"""What every service stands on: events, streams, storage, HTTP, settings."""
