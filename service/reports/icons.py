"""Icons that distinguish states by shape, not by colour alone."""

from __future__ import annotations

_MARK = 'fill="none" stroke="#fff" stroke-width="2.4"'

ICONS = {
    "yes": f'<circle cx="10" cy="10" r="9"/><path d="M5.5 10.5l3 3 6-7" {_MARK}/>',
    "limited": f'<path d="M10 1.2L19.3 18H.7z"/><path d="M10 7v5.4M10 14v2" {_MARK}/>',
    "no": f'<path d="M6 1h8l5 5v8l-5 5H6l-5-5V6z"/><path d="M6.3 6.3l7.4 7.4M13.7 6.3l-7.4 7.4" {_MARK}/>',
    "below": '<path d="M3 6h14l-7 10z"/>',
    "above": '<path d="M3 15h14L10 5z"/>',
}


def icon(name: str) -> str:
    """An inline SVG icon for a verdict or a position; the word beside it carries the meaning."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="icon" viewBox="0 0 20 20" aria-hidden="true" '
        f'fill="currentColor">{ICONS[name]}</svg>'
    )
