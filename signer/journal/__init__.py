"""The tamper-evident record of what was asked, signed and refused. No document and no patient is in it."""
