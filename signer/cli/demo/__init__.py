"""A clinic to try Mohr in: synthetic doctors, a certificate authority of its own, a software token."""
