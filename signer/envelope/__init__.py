"""Envelopes: the bytes to be signed, and the finished signature. No token, no clock, no network.

`cades` is the format, `cms` its ASN.1 types, `algorithms` what may sign and how it is named in ASN.1.
Whether a finished signature is right is for `signer.verify` to say, which shares no code with this room.
"""
