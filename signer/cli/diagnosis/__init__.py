"""`mohr diagnose` and `mohr support-code`: this computer checked, and what a code read aloud says."""
