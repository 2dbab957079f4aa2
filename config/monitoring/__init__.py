"""Health checks, metrics, and heartbeats."""
