"""Pages for owners and raters of evaluations."""
