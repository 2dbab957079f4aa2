"""Ready pairs: finished answers that a visitor can judge without asking a question."""
