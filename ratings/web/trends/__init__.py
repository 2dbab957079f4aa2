"""Pages about changes over time: the history page and the plots page."""
