"""Votes in and out: files, the public record, shipped data."""
