"""What goes out of this computer: timestamp authorities, OCSP responders, CRLs. Nothing else ever does.

`http` is one bounded exchange, `timestamp`, `ocsp` and `crl` ask and judge the answers, `cache` keeps them,
`authorities` is the port. An answer that does not hold goes no further; trust anchors are `signer.verify`'s.
"""
