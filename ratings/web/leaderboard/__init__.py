"""The leaderboard page: query, filters, columns, comparison, and downloads.

A board is the published ratings of a pool, a category, and a method. Its rows are as published. An entry is a row with
the model's facts (from the catalog and from measurements) and its change over a day. The options are what the visitor
chose: filters, order, pins (up to four models to compare), columns, and the number of rows. The state is all of it
together. A tier joins models that the votes cannot separate, and a group is a component: models that no chain of votes
connects to the others. A figure that is unknown is a dash, and a filter on it leaves the model out.
"""
