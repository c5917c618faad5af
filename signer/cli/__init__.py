"""The `mohr` command: a composition root, where ports meet their implementations."""
