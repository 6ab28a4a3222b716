"""What the templates may say: times, digests, badges, the matched span, the way around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from desk.console import reasons, tellings, wording
from desk.console.icons import ICONS
from desk.console.navigation import entries
from desk.leads.models import Lead
from evidence.errors import EvidenceError
from evidence.format.times import parse_time

register = template.Library()
register.filter("certificate_words", tellings.certificate_words)
register.filter("fidelity_words", tellings.fidelity_words)
register.filter("page_words", tellings.page_words)
register.filter("place_words", reasons.place_words)
register.filter("reason_words", reasons.reason_words)
register.filter("browser_words", wording.browser_words)
register.filter("event_words", wording.event_words)
register.filter("file_words", wording.file_words)
register.filter("lead_standing", wording.lead_standing)
register.filter("mark_kind", wording.mark_kind)
register.filter("nice", wording.nice_classes)
register.filter("picture_words", wording.picture_words)
register.filter("retention_words", wording.retention_words)
register.filter("standing", wording.standing_of)
register.filter("unrecorded_word", wording.unrecorded_word)
register.filter("unwatched", wording.unwatched)
register.filter("verdict_word", wording.verdict_word)
TONES = {"success": "good", "warning": "warn", "error": "bad", "info": "info"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a decorative drawing; an unknown name draws the sign for information."""
    drawing = ICONS.get(name, ICONS["info"])
    return format_html(
        '<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.5"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        mark_safe(drawing),  # noqa: S308 - drawings of our own, from a constant
    )


@register.filter
def tone(level_tag: str) -> str:
    """Return the tone of a message: good, warn, bad or info."""
    return TONES.get(level_tag, "info")


@register.inclusion_tag("console/parts/navigation.html", takes_context=True)
def navigation(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of the main navigation for the person signed in."""
    request = context.get("request")
    return {"items": entries(request) if isinstance(request, HttpRequest) else []}


@register.simple_tag(takes_context=True)
def with_query(context: Mapping[str, Any], **changes: object) -> str:
    """Return the present query string with some values changed."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def digest(value: str) -> SafeString:
    """Return a digest in groups of four, to be read aloud and compared."""
    groups = [value[at : at + 4] for at in range(0, len(value), 4)]
    return format_html(
        '<span class="digest" translate="no">{}</span>',
        format_html_join(" ", "<span>{}</span>", ((group,) for group in groups)),
    )


@register.filter
def highlight(text: str, span: Sequence[int] | None) -> SafeString:
    """Return the text with the matched span marked; a span outside the text marks nothing."""
    if span is None or len(span) != 2 or not 0 <= span[0] < span[1] <= len(text):
        return format_html("{}", text)
    start, end = span
    return format_html("{}<mark>{}</mark>{}", text[:start], text[start:end], text[end:])


@register.filter
def moment(value: datetime | None, seconds: str = "") -> SafeString | str:
    """Return a time as people here read it, with the exact one for machines."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    shape = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return format_html(
        '<time class="num nowrap" datetime="{}">{}</time>', value.isoformat(), local.strftime(shape)
    )


@register.filter
def moment_text(value: datetime) -> str:
    """Return a time as plain text, for where no markup may stand (an option of a list)."""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")


@register.filter
def bilingual(item: Any, field: str = "") -> str:
    """Return the Chinese or the English of something that carries both.

    Reads ``zh``/``en``, or ``text``/``text_en`` for reasons of the matcher, from
    a mapping or an object; ``field`` may name a prefix such as ``label``.
    """
    english = get_language() == "en"
    names = (f"{field}_en", "en", "text_en") if english else (f"{field}_zh", "zh", "text")
    for name in names:
        value = item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)
        if isinstance(value, str) and value:
            return value
    return "" if not isinstance(item, Mapping) else str(item.get("text", item.get("zh", "")))


@register.filter
def percent(value: float | None) -> str:
    """Return a share of one as a whole percentage."""
    return "—" if value is None else f"{round(value * 100)}%"


@register.filter
def plain(value: float) -> str:
    """Return a number for a machine: a point, no grouping, whatever the language."""
    return f"{value:.4f}"


@register.simple_tag
def badge(code: str, label: str) -> SafeString:
    """Return the badge of a state: colour, shape and word together."""
    return format_html('<span class="badge {}">{}</span>', wording.BADGES.get(code, "still"), label)


@register.simple_tag
def state(record: Any) -> SafeString:
    """Return the badge of a record's state."""
    return badge(record.state, record.get_state_display())


@register.simple_tag
def erasure_state(record: Any) -> SafeString:
    """Return the badge of a request to erase."""
    return badge(f"erasure-{record.state}", record.get_state_display())


@register.filter
def stated(text: str) -> SafeString | str:
    """Return a time that a file states (RFC 3339) as ``moment`` shows it."""
    try:
        return moment(parse_time(text), "seconds")
    except EvidenceError:
        return text


@register.simple_tag
def claim(code: str) -> SafeString:
    """Return the badge of a verdict or of a claim's status."""
    return badge(code, wording.verdict_word(code))


@register.simple_tag
def found_text(lead: Lead, field: str) -> SafeString:
    """Return a field of the listing as found, the matched span marked when it lies there."""
    text = lead.snapshot.get(field) or ""
    return highlight(str(text), lead.span if lead.field == field else None)


@register.filter
def interval(minutes: int) -> str:
    """Return how often something happens, in the largest whole unit."""
    if minutes % 1440 == 0:
        return _("每 %(n)s 天") % {"n": minutes // 1440}
    if minutes % 60 == 0:
        return _("每 %(n)s 小时") % {"n": minutes // 60}
    return _("每 %(n)s 分钟") % {"n": minutes}


@register.simple_tag
def further_evidence(item: Mapping[str, Any], sentence: str) -> str:
    """Return the evidence of a reason, or nothing when its sentence says it already."""
    words = wording.evidence_words(item.get("evidence") or "")
    return "" if words in sentence else words
