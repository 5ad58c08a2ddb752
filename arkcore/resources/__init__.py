"""One protected resource: its file, parameters, timers, record. Imports `plugin` and below."""
