"""What the demonstration shows: colours and a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

Step = Callable[[int, int, str], None]


class Screen:
    """Headings, lines, tables and progress on one console."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stdout, highlight=False)

    def heading(self, text: str) -> None:
        """A new act."""
        self._console.print(f"\n[bold]{escape(text)}[/bold]", soft_wrap=True)

    def line(self, text: str) -> None:
        """A sentence."""
        # Paths and ids are copied from here: the terminal may break them, we must not.
        self._console.print(f"  {escape(text)}", soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
        """Rows under their headings; numbers to the right; `empty` in place of no rows."""
        if not rows:
            self.line(empty)
            return
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
        for index, name in enumerate(columns):
            numbers = all(_is_number(row[index]) for row in rows)
            table.add_column(name, justify="right" if numbers else "left", no_wrap=True)
        for row in rows:
            table.add_row(*map(escape, row))
        with self._console.capture() as drawn:
            self._console.print(table)
        for line in drawn.get().splitlines():
            # Columns are filled up with blanks, the last one too.
            self._console.out(line.rstrip(), highlight=False)

    @contextmanager
    def progress(self, noun: str) -> Iterator[Step]:
        """Gives `step(done, total, note)`: a bar on a terminal, else a line for each change."""
        if not self._console.is_terminal:
            yield self._plain(noun)
            return
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TextColumn("{task.fields[note]}"), console=self._console) as bar:
            task = bar.add_task(noun, total=None, note="")
            yield lambda done, total, note: bar.update(task, completed=done, total=total, note=note)

    def _plain(self, noun: str) -> Step:
        told = [-1]

        def step(done: int, total: int, note: str) -> None:
            if done != told[0]:
                told[0] = done
                self.line(f"{done}/{total} {noun}{', ' if note else ''}{note}")

        return step


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()
