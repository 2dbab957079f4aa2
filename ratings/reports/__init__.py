"""Reports that pages and the API share."""
