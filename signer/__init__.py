"""Mohr's signing agent: what is signed, how, with what, and who may ask.

Each sub-package is a room with one subject; `docs/architecture.md` draws them and the arrows between
them, and import-linter holds the arrows. No vendor module is loaded here (`drivers`), no window is
drawn here (`gui`).
"""
