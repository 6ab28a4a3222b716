"""Timestamp authorities (RFC 3161): asking for tokens, and a local one for trial runs."""

from evidence.authority.client import Authority, Token, stamp
from evidence.authority.local import LocalAuthority, create_local
from evidence.authority.remote import RemoteAuthority

__all__ = ["Authority", "LocalAuthority", "RemoteAuthority", "Token", "create_local", "stamp"]
