"""The `mohr` command: a composition root. Wires the rooms together and decides nothing itself."""
