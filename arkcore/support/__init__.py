"""The bundle for whoever supports an incident: what goes in, what is masked, how it is written.

Nothing here is loaded by an action. It may import everything below `cli`.
"""
