"""The `mohr` command: a composition root, and the terminal as a consent surface."""
