"""Telling people that something is done, where they are: one message to a Discord webhook.

Without `[notify] discord`, or without httpx, nobody is told, and nothing is said about it. That
nobody could be told fails no job.
"""

from __future__ import annotations

from weppd.task import current

_PATIENCE_S = 5.0


def notify(text: str) -> bool:
    """Send `text`, in Discord's Markdown; whether it arrived."""
    url = (current().settings.get("notify") or {}).get("discord")
    if not url:
        return False
    try:
        import httpx
    except ImportError:
        return False
    try:
        httpx.post(url, json={"content": text}, timeout=_PATIENCE_S).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The error's own words hold the address, which is a secret.
        why = type(error).__name__
        current().log(f"the webhook was not told: {why}", level="warning", volatile=True)
        return False
    return True
