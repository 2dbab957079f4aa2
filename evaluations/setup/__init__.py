"""Drafts: contestants, questions, the plan, and the answers made beforehand."""
