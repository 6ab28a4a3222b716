"""Reads Chromium's NetLog: connections, certificates, and the literal bytes of each exchange."""

from evidence.netlog.model import Blob, Connection, Tls, Wire, WireExchange
from evidence.netlog.reading import read_netlog

__all__ = ["Blob", "Connection", "Tls", "Wire", "WireExchange", "read_netlog"]
