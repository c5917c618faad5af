"""The packages, as far as they can be judged without freezing. `tests.smoke` installs and uses them."""
