"""The four actions. Each module holds one flow, to be read from top to bottom.

A flow runs in the guard. What may hang or go wrong, it has done by a *part*: a function that runs
in a forked worker, within a timer, and comes back as a report. A part is handed a
:class:`arkcore.actions.work.Work`; the other modules hold the steps that parts share.
"""
