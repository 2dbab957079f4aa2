"""Default formats, which Django looks up by language code."""
