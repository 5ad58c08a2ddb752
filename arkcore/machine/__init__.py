"""The operating system: processes, commands, black boxes. Imports `base`."""
