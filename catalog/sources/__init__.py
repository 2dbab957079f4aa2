"""Readers for packages with facts and prices of models. Pure functions: no Django, no network requests."""
