"""Import and export of votes: files, the public record, and the data that ships with Arena."""
