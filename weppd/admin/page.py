"""`GET /`: one small page for people, without a build step, for `weppdctl ui`.

It shows and changes nothing. Its policy lets its own script run and nothing else, whatever the text
of a job may hold.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.responses import Response


@cache
def page() -> tuple[bytes, str]:
    """The page, and its content security policy."""
    text = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    found = re.search(r"<script>(.*)</script>", text, re.DOTALL)
    assert found
    digest = hashlib.sha256(found[1].encode()).digest()
    script = f"script-src 'sha256-{base64.b64encode(digest).decode()}'"
    policy = ("default-src 'none'", script, "style-src 'unsafe-inline'", "connect-src 'self'")
    return text.encode(), "; ".join([*policy, "base-uri 'none'", "frame-ancestors 'none'"])


def answer() -> Response:
    """The page as it is sent."""
    text, policy = page()
    headers = {"content-security-policy": policy, "cache-control": "no-store"}
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)
