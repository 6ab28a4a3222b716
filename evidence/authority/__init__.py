"""Timestamp authorities (RFC 3161): asking for tokens, and a local one for trial runs."""

from evidence.authority.client import Authority, Token, stamp
from evidence.authority.local import LocalAuthority, create_local
from evidence.authority.remote import Credentials, RemoteAuthority
from evidence.authority.settings import Authorities, NamedAuthority, read_authorities

__all__ = [
    "Authorities",
    "Authority",
    "Credentials",
    "LocalAuthority",
    "NamedAuthority",
    "RemoteAuthority",
    "Token",
    "create_local",
    "read_authorities",
    "stamp",
]
