"""The use cases: list credentials, sign, pair. Owns the ports that the outer rooms implement.

No HTTP, no Qt and no PKCS#11 here; times come from the `Clock` port and bytes from callers.
"""
