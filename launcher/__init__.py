"""./scripts/up: the supervisor, embedded PostgreSQL and Valkey, local models."""
