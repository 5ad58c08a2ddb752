"""What a user of the lab can do something about."""

from __future__ import annotations


class LabError(Exception):
    """
    A request that the lab cannot carry out; the message is one line that says why.
    """
