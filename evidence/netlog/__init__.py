"""Reads Chromium's NetLog: connections, certificates, and the literal bytes of each exchange."""
