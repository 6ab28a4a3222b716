"""Following somebody's log from outside: what its key signed last time must still hold.

``source`` reads a folder or an HTTP address, ``frontier`` computes the tree from the entries,
``state`` is what is remembered between two looks, ``cosigned`` which witnesses cosigned,
``looking`` is one look.
"""

from __future__ import annotations

from evidence.monitor.cosigned import Cosigned, Required, Witness, enough
from evidence.monitor.looking import Asked, Look, look
from evidence.monitor.source import FolderSource, HttpSource, Source, open_source
from evidence.monitor.state import State, StateFile

__all__ = [
    "Asked",
    "Cosigned",
    "FolderSource",
    "HttpSource",
    "Look",
    "Required",
    "Source",
    "State",
    "StateFile",
    "Witness",
    "enough",
    "look",
    "open_source",
]
