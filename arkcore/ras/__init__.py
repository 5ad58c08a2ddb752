"""The RAS log: one function makes a line, one sink writes it. Imports `machine` and `base`."""
