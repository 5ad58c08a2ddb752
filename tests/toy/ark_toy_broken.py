"""A plugin whose import fails."""

raise RuntimeError("this module never loads")
