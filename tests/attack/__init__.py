"""Who may want to misuse the agent, and from where: a table of attacks, each tried on the real agent."""
