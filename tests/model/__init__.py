"""The plain types and pure functions everything agrees on."""
