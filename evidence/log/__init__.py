"""The log: a hash-chained Merkle tree on disk (C2SP tlog-tiles), its writer and its audit."""

from evidence.log.audit import audit
from evidence.log.durable import Fault, no_fault
from evidence.log.index import CaseIndex
from evidence.log.locks import WriterLock
from evidence.log.report import AuditReport, Finding
from evidence.log.store import Head, Store
from evidence.log.writer import Log, Session

__all__ = [
    "AuditReport",
    "CaseIndex",
    "Fault",
    "Finding",
    "Head",
    "Log",
    "Session",
    "Store",
    "WriterLock",
    "audit",
    "no_fault",
]
