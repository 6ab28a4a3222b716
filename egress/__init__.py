"""The only way out: resolves names, refuses private addresses, keeps a journal.

A process of its own (``python -m egress``). Crawler and capture are handed the
address it listens on and the path of its journal, and import nothing of it.
"""
