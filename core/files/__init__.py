"""Files of records, read and written row by row."""
