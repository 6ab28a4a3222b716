"""A labelled set of evasions of invented marks (``python -m bench.evasion``)."""
