"""The forked worker that loads a plugin, and its supervisor. Imports `actions` and below."""
