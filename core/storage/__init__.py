"""PostgreSQL and Valkey: connections, caches, queues."""
