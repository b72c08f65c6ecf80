"""Patches that make ministack behave like AWS where orgpatch depends on it.

Each module replaces a few names of ministack and says which ones and why. "Natively" means: in ministack without the
patch. `__main__` installs the modules in order.
"""
