"""Everything that touches a vendor's PKCS#11 module, kept out of the agent's process.

`supervisor` is what the signer calls, with `types`, `errors`, `pin`, `mechanisms`, `catalogue` and
`installed` beside it; `worker` runs in a process of its own and is the only importer of a PKCS#11 binding
(through `bindings`).
Meaning is not given here: a `CK_RV` travels up as a number.
"""
