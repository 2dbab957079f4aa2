"""The pipeline from votes to boards: tallies, fits, and snapshots."""
