"""The checks before an installation, by their number in the cluster guide.

A check looks at a :class:`~arkcore.survey.machine.Machine` for what the
:class:`~arkcore.survey.site.Site` says must be there, and yields findings. Nothing is changed, and
what a machine cannot tell is said to be so. Nothing here is loaded by an action.
"""
