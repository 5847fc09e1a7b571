"""From a run's documents to the engines' inputs in `wepp/runs`, kind by kind.

Each module writes one kind of file for all hillslopes, or for the channel network, and gives back
the paths of what it made; `tasks.wepp.steps` decides whether it is asked at all. A file that is
there with the same content is left as it is. `.slp` and `.cli` may be hard links to their sources,
so no file is ever opened in place.
"""

from __future__ import annotations
