"""The launcher behind ./scripts/up: supervisor, embedded PostgreSQL and Valkey, and local models."""
