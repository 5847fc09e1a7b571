"""What an engine would say to the inputs of a run: its READ sequence, told by facts alone.

Nothing here is shared with `tasks`: an error in a writer cannot be in its reader as well.
"""

from __future__ import annotations
