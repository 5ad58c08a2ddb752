"""The `ark` command, for people: one file a command group.

click and rich are used here and nowhere else, so that no action ever loads them.
"""
