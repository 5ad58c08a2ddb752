"""A right plugin, and wrong ones that differ from it in one fault each."""
