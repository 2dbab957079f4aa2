"""HTTP: errors, rate limits, event streams, pagination, and the OpenAPI document."""
