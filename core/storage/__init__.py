"""PostgreSQL and Valkey: connections, caches, and queues."""
