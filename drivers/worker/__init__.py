"""The process that holds one vendor's module: started by `drivers.supervisor`, imported by nothing else.

`__main__` prepares the process, `loop` reads requests and writes answers, `operations` does what they ask.
It reports and never interprets: data, or a CK_RV with the C_ function that returned it.
"""
