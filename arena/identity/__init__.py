"""Who asks: voters, accounts, API keys, and how much each may do."""
