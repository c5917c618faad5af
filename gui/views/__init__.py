"""The widgets. They draw what `gui.presenters` says and decide nothing."""
