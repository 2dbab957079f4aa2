"""Signals that other apps can connect to."""

from django.dispatch import Signal

# Sender: Vote. Argument: vote. Sent within the vote's transaction.
vote_cast = Signal()
# Sender: Voter. Argument: pools, the keys of the pools whose votes move to another voter. Sent within the transaction
# that moves them.
votes_moved = Signal()
