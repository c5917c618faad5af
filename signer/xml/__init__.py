"""XML in from anywhere: the one parser that `prescription`, `envelope` and `verify` read it with.

Only the way from octets to a tree is shared. How a tree is canonicalised stands once with the maker and once,
on other code, with the verifier. lxml is loaded by `parser`, so that is imported where a document is XML.
"""
