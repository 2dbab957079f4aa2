"""Import and export of votes: files, the public record, and shipped data."""
