"""The demonstration: a token, a certificate authority, a doctor and a panel that exist only here.

Nothing in this package is imported by the agent's normal start.
"""
