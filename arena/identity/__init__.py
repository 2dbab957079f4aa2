"""Identifies clients as voters, accounts, or API keys, and enforces their quotas."""
