"""Identity of clients: voters, accounts and API keys, with their quotas."""
