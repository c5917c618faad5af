"""What goes out of this computer: timestamp authorities, OCSP responders, CRLs. Nothing else ever does.

Octets out and octets in, in a thread, with a deadline and a cap on size. What an answer means is judged by
`signer.envelope` and `signer.verify`.
"""
