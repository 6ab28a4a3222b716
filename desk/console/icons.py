"""The drawings of the console: small strokes on a grid of 20, without text."""

from __future__ import annotations

ICONS = {
    "seal": (
        '<rect x="1" y="1" width="18" height="18" rx="3.6" fill="currentColor" stroke="none"/>'
        '<path d="M5 14.8V5.2l5 5.6 5-5.6v9.6" stroke="#fff" stroke-width="1.9"/>'
    ),
    "owner": '<path d="M3 3h6.5L17.6 11 11 17.6 3 9.5z"/><circle cx="6.8" cy="6.8" r="1.2"/>',
    "officer": (
        '<path d="M10 2.2 3.6 4.6v4.8c0 4 2.6 6.9 6.4 8.4 3.8-1.5 6.4-4.4 6.4-8.4V4.6z"/>'
        '<path d="m7.2 9.9 2.1 2.1 3.7-4"/>'
    ),
    "notary": (
        '<path d="M7.6 11.4c.9-1.8-.6-3.1-.6-5.2a3 3 0 0 1 6 0c0 2.1-1.5 3.4-.6 5.2"/>'
        '<path d="M4.2 11.4h11.6v3.2H4.2zM3.4 17.6h13.2"/>'
    ),
    "info": '<circle cx="10" cy="10" r="7.4"/><path d="M10 9.2v4.6M10 6.2v.2"/>',
    "good": '<circle cx="10" cy="10" r="7.4"/><path d="m6.6 10.2 2.4 2.4 4.4-4.8"/>',
    "warn": '<path d="M10 2.8 18 16.6H2z"/><path d="M10 7.8v4.2M10 14.2v.2"/>',
    "bad": '<path d="M6.6 2.6h6.8l4 4v6.8l-4 4H6.6l-4-4V6.6z"/><path d="M10 6v5M10 13.6v.2"/>',
    "back": '<path d="M12 4.5 6.5 10l5.5 5.5"/>',
    "for": '<path d="M10 4v12M4 10h12"/>',
    "against": '<path d="M4 10h12"/>',
    "lock": (
        '<rect x="4" y="9" width="12" height="8" rx="1.6"/>'
        '<path d="M6.8 9V6.4a3.2 3.2 0 0 1 6.4 0V9"/>'
    ),
    "download": '<path d="M10 3v9.4M6 8.8l4 4 4-4M3.6 16.8h12.8"/>',
}
