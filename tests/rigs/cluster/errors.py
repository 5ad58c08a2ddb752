"""What can go wrong with a test cluster."""

from __future__ import annotations


class ClusterError(Exception):
    """The cluster could not be built, or did not do in time what was waited for."""


class CannotBuild(ClusterError):
    """This machine cannot hold a cluster; the text says what it lacks and what to do."""
