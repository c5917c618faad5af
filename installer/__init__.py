"""Packages of Mohr. Nothing of it is shipped, and nothing that is shipped imports it."""
