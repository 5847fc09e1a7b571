"""A context that remembers what a task said, for tests of tasks without a daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from weppd.task import LocalContext, dotted_name


class RecordingContext(LocalContext):
    """Settings for one run root; `lines`, `messages`, `steps`, `children` hold what was said."""

    def __init__(
        self, root: Path, cpus: int = 2, wepp: dict[str, Any] | None = None, redis: str = ""
    ) -> None:
        settings: dict[str, Any] = {"run": {"roots": [str(root)], "batch_root": ""}}
        settings |= {"wepp": wepp or {}, "redis": {"url": redis} if redis else {}}
        super().__init__(settings, cpus=cpus)
        self.job_id = "j1"
        self.lines: list[tuple[str | None, str, bool]] = []
        self.messages: list[tuple[str, str]] = []
        self.steps: list[tuple[int, int, str]] = []
        self.children: list[dict[str, Any]] = []

    def log(
        self, text: str, *, item: str | None = None, level: str = "info", volatile: bool = False
    ) -> None:
        self.lines.append((item, text, volatile))

    def status(self, channel: str, text: str) -> None:
        self.messages.append((channel, text))

    def progress(self, done: int, total: int, note: str = "") -> None:
        self.steps.append((done, total, note))

    def enqueue(self, function: Any, *args: Any, **options: Any) -> str:
        name = function if isinstance(function, str) else dotted_name(function)
        self.children.append({"function": name, "args": args, **options})
        return f"child-{len(self.children)}"

    def words(self) -> list[str]:
        """The verb of each message, in order."""
        return [text.split()[1] for _, text in self.messages]
