"""Error replies of a server, and which of them mean to wait.

::

    OOM command not allowed …                         from Redis 7 on, in a script too
    ERR Error running script (call to f_…): @user_script:3: -OOM command not allowed …  before 7
    ERR The user executing the script can't …         in a script: a right that the user has not
    ERR ACL failure in script: User …                 the same, from 7.2 on
    ERR max number of clients reached                 on a new connection
"""

from __future__ import annotations

import re

# Words at the head of an error that passes by itself; the rest is for people.
_PASSING = (
    *("LOADING", "READONLY", "MASTERDOWN", "OOM", "BUSY", "TRYAGAIN", "MISCONF"),
    *("NOREPLICAS", "CLUSTERDOWN"),
)
_RIGHTS = ("NOAUTH", "WRONGPASS", "NOPERM")
_INNER = re.compile(r"ERR Error running script .*?: -?([A-Z]+) ")
_BUSY = "ERR max number of clients"
_NO_RIGHT = ("ERR The user executing the script", "ERR ACL failure in script")


class Fault(Exception):
    """An error reply, as a value."""

    @property
    def word(self) -> str:
        """The error's first word, such as NOSCRIPT; inside a script, that of its failed call."""
        text = str(self)
        inner = _INNER.match(text)
        return inner[1] if inner else text.split(" ", 1)[0]

    @property
    def passing(self) -> bool:
        """Whether it passes by itself, or when somebody tends to the server."""
        return self.word in _PASSING or str(self).startswith(_BUSY)

    @property
    def denied(self) -> bool:
        """Whether it is the password or the user's rights that are wrong."""
        return self.word in _RIGHTS or str(self).startswith(_NO_RIGHT)
