"""Where models are called: which are up, how they perform, and which pair is drawn."""
