"""Evidence: capture, log, timestamps, package; and, apart from all that, verification.

The writer (``capture``, ``log``, ``authority``, ``seal``) and the verifier (``verify``)
meet only in ``format``, which is pure. ``python -m evidence verify FILE`` is the
verifier's own entry.
"""
