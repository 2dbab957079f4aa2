"""Signals of the arena for the apps that build on it."""

from django.dispatch import Signal

vote_cast = Signal()  # sender Vote, vote=…; sent within the transaction of the vote
votes_moved = Signal()  # sender Voter, pools=…: votes in these pools have a new voter; sent within the transaction
