"""Import and export of votes: files, the public record, and the data that ships with Arena.

A row is one line of a file. It stands for one vote, or for several equal ones (its multiplicity). What a row says and
no column of a vote holds is kept aside, in a row of its own. A record is a vote as it is exported. The public record
has what everybody may see of a pool's votes, and a record key is the place of a vote in it. A reference rating was
published by another site, and a setting is how that site ran the model.
"""
