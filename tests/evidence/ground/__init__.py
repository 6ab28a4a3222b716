"""A server that knows to the byte what it sent and received, to hold captures against."""
