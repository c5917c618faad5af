"""Which edition of the profiles comes with this version: a number that goes up whenever one of them changes.

A signed pack of profiles is used only where its own number is higher. Written by `python -m tests.edition`.
"""

EDITION = 2
#: SHA-256 of all profiles, so that a test can tell a change.
SHA256 = "4b8c1c27592b22d133374102cdbedab0411204b9158715f9651fbc602bbdf251"
