"""Pages of time: history and plots."""
