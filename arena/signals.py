"""Signals that other apps can connect to."""

from django.dispatch import Signal

# Sender: Vote. Argument: vote. Sent within the vote's transaction.
vote_cast = Signal()
# Sender: Voter. Argument: pools, in which votes have moved to another voter. Sent within the transaction.
votes_moved = Signal()
