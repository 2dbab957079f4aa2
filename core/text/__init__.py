"""Texts and numbers as users write and read them."""
