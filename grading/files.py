"""Files appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Lend a temporary name beside `path`; rename it to `path` if the block ends well.

    Parameters
    ----------
    path : Path
        Where the file shall stand; its folder is made.

    Yields
    ------
    Path
        The name to write to. It is removed when the block raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with Unix line ends."""
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
