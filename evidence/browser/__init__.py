"""The browser of a capture: what is asked of it, how it is started, and how it is spoken to."""
