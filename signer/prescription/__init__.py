"""From the bytes that will be signed to a sheet that a person can read, with no signed leaf left out.

`reader.read` is the way in. Nothing here draws, signs or asks; the time and the certificate's holder are
given to it.
"""
