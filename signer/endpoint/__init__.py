"""The loopback server: who may call, how calls are signed, and what they look like on the wire.

`admission` and `request_signature` decide who is let in, `pairing` how a panel becomes known, `messages`
and `problems` what is said, `server` carries it. What is done with a request is `signer.service`.
"""
