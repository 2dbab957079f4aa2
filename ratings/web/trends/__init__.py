"""The history page and the plots page."""
