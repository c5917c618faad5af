"""The one place where threads meet: the agent's asyncio thread and the windows' Qt thread.

`messages` are the frozen values that cross. `surface` is the asyncio side, a `ConsentSurface`; `thread`
runs the agent; neither imports Qt, so that the endpoint answers before Qt is loaded. `inbox` is the Qt
side. Messages go to the windows as queued signals, answers come back by `call_soon_threadsafe`.
"""
