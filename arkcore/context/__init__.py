"""What a hook is handed, and whose a process is. Imports `resources` and below."""
