"""Which edition of the profiles comes with this version: a number that goes up whenever one of them changes.

A signed pack of profiles is used only where its own number is higher. Written by `python -m tests.edition`.
"""

EDITION = 1
#: SHA-256 of all profiles, so that a test can tell a change.
SHA256 = "234243869bd81bf3e4237102e067d9269419a67735011b8d89861ff5a66f6884"
