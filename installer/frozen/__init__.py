"""What is frozen, for all systems: one specification, and the first lines of each program."""
