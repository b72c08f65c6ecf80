"""Everything that makes ministack behave like AWS where this system depends on it.

Each module replaces a few names of ministack and says which ones and why; `__main__` installs them in order.
"""
