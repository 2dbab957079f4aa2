"""PostgreSQL and Valkey: connections, locks, caches, queues."""
