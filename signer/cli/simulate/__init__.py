"""A simulator for panel developers: the agent's contract with a virtual token, a scripted doctor and faults.

It signs with a key in memory under certificates that no verifier accepts. The agent's normal start cannot
reach it.
"""
