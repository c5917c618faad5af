"""Walks a panel through the simulator's scenarios in a Chromium, and says what the panel did wrong.

What the panel sends over the wire is judged first; what its page shows, where it has the hooks of
`docs/simulator.md`.
"""
