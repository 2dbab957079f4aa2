"""Requests and responses: errors, rate limits, event streams, pagination, the API document."""
