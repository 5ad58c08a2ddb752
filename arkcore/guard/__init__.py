"""The process that a manager calls. Imports no plugin; of ours `worker` and below."""
