"""Which edition of the profiles comes with this version: a number that goes up whenever one of them changes.

A signed pack of profiles is used only where its own number is higher. Written by `python -m tests.edition`.
"""

EDITION = 3
#: SHA-256 of all profiles, so that a test can tell a change.
SHA256 = "50cda13c6ea1b3509a3d815972e81f89208bc12ee76dbf03d5c59fe1a1aba013"
