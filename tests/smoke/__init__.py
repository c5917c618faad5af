"""The package in a root of its own, used as a doctor uses it: `make smoke`, apart from the tests, as root."""
