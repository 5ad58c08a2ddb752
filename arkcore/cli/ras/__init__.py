"""What the commands that read RAS logs share: which logs, which times, and how a run is shown."""
