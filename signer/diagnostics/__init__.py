"""Finds out which link of the chain from reader to browser is broken, and says so without naming anybody.

Probes look (`*_probe`, run side by side by `probing`) and give findings, whose meanings are data
(`catalogue/`); `conclusion` puts the first broken link on top. What leaves the computer passes `redaction`:
the report, the bundle, and the code that is read aloud. Nothing here asks for a PIN, or mends anything.
"""
