"""From limits and tasks to a shortlist and a decision."""
