"""Choosing a model: from a task and limits to a shortlist and a decision."""
