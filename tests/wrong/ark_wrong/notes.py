"""What one of the wrong plugins keeps, where no other process can see it."""

STARTED: list[str] = []
