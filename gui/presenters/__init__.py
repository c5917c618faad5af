"""What the windows say and allow, as plain values. Nothing in this package imports Qt."""
