"""The Python bindings of PKCS #11, each behind `drivers.cryptoki.Cryptoki`.

Only a worker imports a module of this package, and only one of them: two bindings in one process finalise
each other's module.
"""
