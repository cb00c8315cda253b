"""The kernelspec of kernels that are forked warm, for the stock nbgrader of a course folder.

An ordinary kernel imports TensorFlow for every submission. One of these is forked from a process
that has imported it (`grading.kernel_server`), which `grading.kernel_launcher` starts with the
first kernel and which ends after five minutes without any. There is one for each user, Python and
state of the given modules, so that a change of theirs takes effect at once; its socket and its
log are in `course-UID` under XDG_RUNTIME_DIR or the folder for temporary files. Kernels that are
forked use one thread and no graphics card, and the given modules are the course's own even where
a submission brings others.

The kernelspec stands in the course folder, where only the grading finds it: `nbgrader_config.py`
points nbgrader's autograde there. Other Jupyter programs find it too if asked to, as in
`JUPYTER_PATH=course jupyter nbconvert --execute --ExecutePreprocessor.kernel_name=warm-python`.

Such kernels are NOT isolated: what runs in them has all rights of the user, as with stock
nbgrader anywhere. `course grade` isolates submissions.
"""

import json
import sys
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict

from grading.files import replace_text
from grading.progress import console

NAME = "warm-python"
LAUNCHER = Path(__file__).with_name("kernel_launcher.py")
ORDINARY = (
    "warm kernels need Linux (system libraries of macOS do not survive a fork, Windows has none); "
    "nbgrader's kernels are ordinary ones here, which take seconds more for each submission"
)


def write_kernelspec(course_dir: Path) -> Path:
    """Write the kernelspec to a course folder, unless the same stands there.

    Parameters
    ----------
    course_dir : Path
        The folder with `nbgrader_config.py`.

    Returns
    -------
    Path
        `kernels/warm-python/kernel.json` in it. On other systems than Linux it starts an ordinary
        kernel, and a sentence says so.
    """
    path = course_dir / "kernels" / NAME / "kernel.json"
    spec = {**get_kernel_dict(), "display_name": "Python, forked warm, for grading only"}
    if sys.platform == "linux":
        # -I and -S: the launcher needs no package, and starts in a quarter of the time.
        launch = [sys.executable, "-I", "-S", str(LAUNCHER), "-f", "{connection_file}"]
        spec |= {"argv": launch}
    elif not path.exists():
        console.print(ORDINARY)
    text = json.dumps(spec, indent=1) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        replace_text(path, text)
    return path
