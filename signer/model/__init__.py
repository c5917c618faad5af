"""Plain frozen types and pure functions: no I/O, no clock, no threads, no cryptography.

Everything above agrees on the words defined here. What decides anything with these words lives in the
rooms above.
"""
