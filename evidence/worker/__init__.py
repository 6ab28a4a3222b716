"""Captures in a process of its own: no keys, no database, bounded, and gone when it ends."""
