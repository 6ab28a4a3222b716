"""Writes of the leads room, one file for each verb.

The sweep is ``desk.leads.services.sweep``, which loads crawler and matcher: jobs alone do.
"""

from __future__ import annotations

from desk.leads.services.alarms import end_alarm
from desk.leads.services.filing import file_leads, file_listing
from desk.leads.services.handing import hand_in
from desk.leads.services.overrides import add_override, withdraw_override
from desk.leads.services.triage import (
    dismiss,
    mark_authorised,
    mark_preserved,
    reopen,
    shortlist,
    undo,
)
from desk.leads.services.watches import add_source, add_watch, enqueue_due, run_now, set_active

__all__ = [
    "add_override",
    "add_source",
    "add_watch",
    "dismiss",
    "end_alarm",
    "enqueue_due",
    "file_leads",
    "file_listing",
    "hand_in",
    "mark_authorised",
    "mark_preserved",
    "reopen",
    "run_now",
    "set_active",
    "shortlist",
    "undo",
    "withdraw_override",
]
