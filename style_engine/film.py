"""A film of the run, written while it is painted: GIF or MP4."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import imageio.v2 as imageio
import numpy as np
from PIL import Image

from nst_utils import PictureError, even_sides, to_picture, write_whole

from .picture_files import resize

LAST_SECONDS = 2.0  # how long the finished picture stands


class Film:
    """Collect pictures of a run into a film that appears under its name when it is whole.

    An MP4 is encoded frame by frame; a GIF holds its frames in memory, one byte a pixel.

    Parameters
    ----------
    path : str or Path
        Ends in ``.gif`` or ``.mp4``; its folder must exist.
    every : int
        Steps between two frames. The last picture added is always in the film.
    fps : float
        Frames a second.
    size : (n_H, n_W), optional
        Of the film; pictures of another size, as coarse-to-fine has them, are scaled to it. By
        default that of the first picture. An MP4 loses an odd last row or column.

    Raises
    ------
    PictureError
        The ending is another, the folder is missing, or a number is out of range.

    Examples
    --------
    ::

        with Film("run.mp4", every=10) as film:
            for step, pixels in enumerate(paint()):
                film.add(step, pixels)
    """

    def __init__(
        self, path: str | Path, every: int, fps: float = 12, size: tuple[int, int] | None = None
    ) -> None:
        self.path = Path(path).expanduser()
        ending = self.path.suffix.lower()
        if ending not in _WRITERS:
            raise PictureError(
                f"{path} ends in {ending!r}; a film ends in {' or '.join(_WRITERS)}"
            )
        if not self.path.parent.is_dir():
            raise PictureError(f"there is no folder {self.path.parent} for the film; make it")
        if every < 1 or not 0 < fps <= 100:
            raise PictureError(
                f"every is {every} and fps {fps}; a film takes a picture every 1 or more steps "
                "and shows up to 100 a second"
            )
        self.every = every
        self.fps = fps
        self.size = size
        self._writer: _Writer | None = None
        self._waiting: np.ndarray | None = None  # the latest picture, if not in the film yet

    def add(self, step: int, pixels: np.ndarray) -> None:
        """Offer the picture of a step; it costs nothing where the film does not take it.

        Parameters
        ----------
        step : int
            Taken if divisible by `every`.
        pixels : array (n_H, n_W, 3)
            RGB, 0-255. Not copied: the caller makes a new array each step.

        Raises
        ------
        PictureError
            The picture has values that are not finite numbers, or the encoder fails.
        """
        self._waiting = pixels
        if step % self.every == 0:
            self._write(pixels)
            self._waiting = None

    def close(self) -> Path | None:
        """Finish the film and give it its name.

        Returns
        -------
        Path or None
            None if no picture was added: then there is no file.
        """
        if self._waiting is not None:
            self._write(self._waiting)
            self._waiting = None
        writer, self._writer = self._writer, None
        if writer is None:
            return None
        _explained(self.path, writer.finish)
        return self.path

    def abandon(self) -> None:
        """Leave no file behind."""
        writer, self._writer, self._waiting = self._writer, None, None
        if writer is not None:
            writer.abandon()

    def __enter__(self) -> "Film":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def _write(self, pixels: np.ndarray) -> None:
        self.size = self.size or (pixels.shape[0], pixels.shape[1])
        frame = to_picture(resize(pixels, self.size))
        if self._writer is None:
            self._writer = _WRITERS[self.path.suffix.lower()](self.path, self.fps)
        writer = self._writer
        _explained(self.path, lambda: writer.write(frame))


def _explained(path: Path, act: Callable[[], None]) -> None:
    try:
        act()
    except OSError as error:
        raise PictureError(f"the film {path} cannot be written: {error}") from error


class _Writer(Protocol):
    def __init__(self, path: Path, fps: float) -> None: ...

    def write(self, frame: np.ndarray) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class _GIF:
    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.duration = 1000 / fps  # milliseconds
        self.frames: list[Image.Image] = []

    def write(self, frame: np.ndarray) -> None:
        self.frames.append(
            Image.fromarray(frame).quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
        )

    def finish(self) -> None:
        first, *others = self.frames
        durations = [self.duration] * len(others) + [1000 * LAST_SECONDS]
        write_whole(
            self.path,
            lambda temporary: first.save(
                temporary, save_all=True, append_images=others, duration=durations, loop=0
            ),
        )

    def abandon(self) -> None:
        self.frames.clear()


class _MP4:
    def __init__(self, path: Path, fps: float) -> None:
        self.path = path
        self.fps = fps
        self.folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-")
        self.temporary = Path(self.folder.name) / path.name
        self.last: Any = None
        self.encoder = imageio.get_writer(
            self.temporary,
            format="FFMPEG",
            fps=fps,
            codec="libx264",
            quality=7,
            macro_block_size=2,
        )

    def write(self, frame: np.ndarray) -> None:
        self.last = np.ascontiguousarray(even_sides(frame))
        self.encoder.append_data(self.last)

    def finish(self) -> None:
        try:
            for _ in range(round(LAST_SECONDS * self.fps)):
                self.encoder.append_data(self.last)
            self.encoder.close()
            self.temporary.replace(self.path)
        finally:
            self.abandon()

    def abandon(self) -> None:
        self.encoder.close()
        self.folder.cleanup()


_WRITERS: dict[str, type[_Writer]] = {".gif": _GIF, ".mp4": _MP4}
