"""`ark timers --suggest`: what the timers should be, from what the RAS log says was needed."""
