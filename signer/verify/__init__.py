"""Checks a finished signature and says why it fails, sharing no ASN.1 code with what made it.

Installs and runs without a token, a window or a server.
"""
