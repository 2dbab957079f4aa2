"""What arena announces to whoever builds on it."""

from django.dispatch import Signal

vote_cast = Signal()  # sender Vote, vote=…; sent inside the vote's transaction
votes_moved = Signal()  # sender Voter, pools=…: who cast votes there has changed; sent inside the transaction
