"""Django's PostgreSQL backend, which splits bulk statements that would have too many parameters."""
