"""Files from elsewhere, read into facts and scores."""
