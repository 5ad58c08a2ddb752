"""The contract with plugins and how it is kept. Imports `memory`, `machine` and `base`."""
