"""Witnesses of the log, both sides of C2SP tlog-witness (c2sp.org/tlog-witness).

``keeper`` and ``server`` are the witness: it keeps the newest checkpoint of every log that it
knows, and cosigns what extends it. ``client`` asks the witnesses of our log.
"""
