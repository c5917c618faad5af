"""The desktop: windows over the agent's ports. Importing this package imports no Qt."""
