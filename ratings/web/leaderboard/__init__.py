"""The leaderboard page: query, filters, columns, comparison, and downloads."""
