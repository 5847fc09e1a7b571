"""weppd, by its own client, with a task that calls itself short."""

from __future__ import annotations

import weppd_app
from producer import main

if __name__ == "__main__":
    weppd_app.MODULE = "short_body"
    main(weppd_app.enqueue, None)
