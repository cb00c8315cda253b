"""`course check`: whether this machine is ready for the notebooks, and what to do if not.

Each check is a function that looks at one thing and returns a `Finding`. What they look at can be
given to them, so that each fault can be staged in a test.
"""

import importlib.util
import json
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import psutil
from packaging.requirements import Requirement
from rich.table import Table
from rich.text import Text

from grading import ROOT, isolation, yardstick
from grading.manifest import FOLDER, fault, megabytes, read_manifest
from grading.progress import Report, silent

State = Literal["OK", "warning", "failed"]

PACKAGE = "style-and-faces"
PYTHONS = ((3, 11), (3, 13))  # the first and the last that will do
MEMORY = (2.0, 4.0)  # GB: below the first notebooks die, below the second they are slow
DISK = (0.2, 1.0)  # GB, for pictures and for the real weights
CHINESE_FONTS = re.compile(
    r"Noto (Sans|Serif) (Mono )?CJK|Source Han|WenQuanYi|YaHei|SimHei|SimSun|PingFang|Heiti|"
    r"Songti|Droid Sans Fallback"
)
COLOURS = {"OK": "green", "warning": "yellow", "failed": "bold red"}
PROBE_SECONDS = 180  # a cold start of TensorFlow from a slow disk takes a minute


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"OK", "warning", "failed"}
        "failed" if a notebook cannot run like this.
    found : str
    remedy : str
        What to do; empty if nothing.
    """

    name: str
    state: State
    found: str
    remedy: str = ""


Probe = Mapping[str, Any]


def examine(report: Report = silent) -> list[Finding]:
    """Look at everything, one thing after another.

    Parameters
    ----------
    report : Report, optional
        Told after each look how far it is.
    """
    report(0, "start TensorFlow")
    probe = run_probe()
    checks: list[Callable[[], Finding]] = [
        check_python,
        check_packages,
        check_processor,
        partial(check_tensorflow, probe),
        partial(check_graphics_card, probe),
        check_memory,
        check_disk,
        partial(check_course_files, probe),
        check_weights,
        check_fonts,
        check_kernel,
        check_isolation,
        partial(check_speed, probe),
    ]
    findings: list[Finding] = []
    for check in checks:
        findings.append(check())
        report(len(findings) / len(checks), findings[-1].name)
    return findings


def table(findings: list[Finding]) -> Table:
    """Return a line for each finding: what, how it is, and what to do."""
    shown = Table(show_header=False, box=None, pad_edge=False)
    for _ in range(3):
        shown.add_column(overflow="fold")
    for finding in findings:
        said = Text(finding.found)
        if finding.remedy:
            said.append("\n→ ", "bold").append(finding.remedy)
        shown.add_row(Text(finding.name), Text(finding.state, COLOURS[finding.state]), said)
    return shown


# --- Python and packages --------------------------------------------------------------------


def check_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Look at Python's release, and whether it is a 64-bit one."""
    first, last = PYTHONS
    said = f"{'.'.join(map(str, version))}, {sys.executable}"
    if not first <= version[:2] <= last:
        remedy = (
            f"install Python {_dotted(first)} to {_dotted(last)}, then: make PYTHON=python3.12"
        )
        return Finding("Python", "failed", said, remedy)
    if sys.maxsize < 1 << 32:
        return Finding("Python", "failed", f"{said}, 32 bit", "install a 64-bit Python")
    return Finding("Python", "OK", said)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def check_packages(
    lock: Path = ROOT / "requirements.lock",
    versions: Callable[[str], str] = metadata.version,
    needed: list[str] | None = None,
) -> Finding:
    """Compare what is installed with the lock, and with what the course needs at least."""
    install = "run: make test, or pip install -e '.[grading]' in this environment"
    wanted = [Requirement(line) for line in needed or _needed()]
    missing = [need.name for need in wanted if _version(need.name, versions) is None]
    if missing:
        found = f"{', '.join(missing)} not installed"
        return Finding("packages", "failed", found, install)
    outside = [
        f"{need.name} {_version(need.name, versions)} (needs {need.specifier})"
        for need in wanted
        if not need.specifier.contains(str(_version(need.name, versions)), prereleases=True)
    ]
    if outside:
        return Finding("packages", "failed", ", ".join(outside), install)
    if not lock.is_file():
        return Finding("packages", "warning", f"{lock} is missing", "take it from the course anew")
    return _compared(_locked(lock), versions)


def _compared(locked: dict[str, str], versions: Callable[[str], str]) -> Finding:
    installed = {name: _version(name, versions) for name in locked}
    there = {name: version for name, version in installed.items() if version}
    other = [f"{n} {v} (lock: {locked[n]})" for n, v in there.items() if v != locked[n]]
    if other:
        found = f"{len(there) - len(other)} as locked; {', '.join(other[:5])}"
        more = f" and {len(other) - 5} more" if len(other) > 5 else ""
        remedy = (
            "they will probably do; to have those that were tested: make clean, then make test"
        )
        return Finding("packages", "warning", found + more, remedy)
    return Finding("packages", "OK", f"{len(there)} as locked")


def _needed() -> list[str]:
    """Return the course's own requirements that hold here, without its extras' tools."""
    try:
        lines = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return []
    return [line for line in lines if _holds(Requirement(line))]


def _holds(need: Requirement) -> bool:
    return need.marker is None or any(
        need.marker.evaluate({"extra": extra}) for extra in ("", "grading")
    )


def _version(name: str, versions: Callable[[str], str]) -> str | None:
    try:
        return versions(name)
    except metadata.PackageNotFoundError:
        return None


def _locked(lock: Path) -> dict[str, str]:
    """Return names and versions of a lock, of those lines that hold here."""
    lines = (line.removesuffix("\\").strip() for line in lock.read_text().splitlines())
    needs = [Requirement(line) for line in lines if re.match(r"[A-Za-z0-9]", line)]
    return {
        need.name: str(next(iter(need.specifier)).version)
        for need in needs
        if need.marker is None or need.marker.evaluate()
    }


# --- processor, TensorFlow, speed -----------------------------------------------------------


def check_processor(cpuinfo: Path = Path("/proc/cpuinfo"), machine: str = "") -> Finding:
    """Look for the instructions that TensorFlow's packages are built with."""
    machine = machine or platform.machine()
    cores = f"{psutil.cpu_count()} cores, {machine}"
    if not cpuinfo.is_file() or machine not in ("x86_64", "AMD64"):
        return Finding("processor", "OK", cores)
    line = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text(), re.MULTILINE)
    flags = set(line[1].split()) if line else set()
    fast = {"avx2": "AVX2", "fma": "FMA", "avx512f": "AVX-512", "amx_tile": "AMX"}
    found = (
        f"{cores}, {', '.join(word for flag, word in fast.items() if flag in flags) or 'no AVX2'}"
    )
    if "avx" not in flags:
        remedy = "TensorFlow's packages do not start on it: use another machine, or Colab"
        return Finding("processor", "failed", f"{cores}, no AVX", remedy)
    if not {"avx2", "fma"} <= flags:
        return Finding("processor", "warning", found, "it works, but everything takes longer")
    return Finding("processor", "OK", found)


def run_probe(command: list[str] | None = None) -> Probe:
    """Start TensorFlow in a process of its own and measure; return what it says, or its end."""
    command = command or [sys.executable, "-m", "grading.yardstick"]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"nothing came for {PROBE_SECONDS} s"}
    if done.returncode < 0:
        return {"error": f"killed by {signal.Signals(-done.returncode).name}"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def check_tensorflow(probe: Probe) -> Finding:
    """Say whether TensorFlow starts and computes."""
    if "error" in probe:
        remedies = {
            "SIGILL": "the processor lacks instructions: use another machine, or Colab",
            "SIGKILL": "memory was short: close other programs and try again",
        }
        said = probe["error"]
        known = (remedy for word, remedy in remedies.items() if word in said)
        remedy = next(known, "install it anew: make clean, rm -r .venv, make test")
        return Finding("TensorFlow", "failed", f"does not start: {said}", remedy)
    return Finding("TensorFlow", "OK", f"{probe['version']} starts and computes")


def check_graphics_card(probe: Probe) -> Finding:
    """Say whether there is a graphics card; none is needed."""
    count = probe.get("gpus", 0)
    if count:
        return Finding("graphics card", "OK", f"{count} that TensorFlow uses")
    return Finding("graphics card", "OK", "none that TensorFlow uses; none is needed")


def check_speed(probe: Probe) -> Finding:
    """Say how long the notebooks will take here, by the time that a piece of their work took."""
    if "error" in probe:
        return Finding("speed", "failed", "not measured: TensorFlow does not start")
    times = yardstick.expected_seconds(probe["milliseconds"])
    said = ", ".join(f"{name} {yardstick.in_words(s)}" for name, s in times.items())
    found = f"running a whole notebook takes about: {said} (with the embedded networks)"
    if max(times.values()) > 1200:
        remedy = "close other programs, or lower CONFIG.STEPS in the notebooks; Colab is faster"
        return Finding("speed", "warning", found, remedy)
    return Finding("speed", "OK", found)


# --- the machine ----------------------------------------------------------------------------


def check_memory(free: float | None = None) -> Finding:
    """Look at the memory that is free, in GB; what a container may have counts, too."""
    free = _free_memory() if free is None else free
    found = f"{free:.1f} GB free"
    dies, slow = MEMORY
    remedy = "close other programs and other notebooks' kernels (Kernel, Shut Down All)"
    if free < dies:
        return Finding("memory", "failed", f"{found}; a notebook needs {dies:g} GB", remedy)
    if free < slow:
        return Finding("memory", "warning", f"{found}; {slow:g} GB are comfortable", remedy)
    return Finding("memory", "OK", found)


def _free_memory(group: Path = Path("/sys/fs/cgroup")) -> float:
    free = psutil.virtual_memory().available
    try:
        allowed = int((group / "memory.max").read_text())
        free = min(free, allowed - int((group / "memory.current").read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        pass
    return free / 1e9


def check_disk(folder: Path = ROOT, free: float | None = None) -> Finding:
    """Look at the room that is left, in GB, and whether pictures can be saved there."""
    free = shutil.disk_usage(folder).free / 1e9 if free is None else free
    found = f"{free:.1f} GB free for {folder}"
    little, much = DISK
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "copy the course to a folder of your own, or make room"
        return Finding("disk", "failed", f"{folder} cannot be written: {error.strerror}", remedy)
    if free < little:
        return Finding("disk", "failed", f"{found}; pictures need {little:g} GB", "make room")
    if free < much:
        return Finding("disk", "warning", f"{found}; {much:g} GB are comfortable", "make room")
    return Finding("disk", "OK", found)


def check_fonts(root: Path = ROOT, names: list[str] | None = None) -> Finding:
    """Look for Matplotlib's own font and, with Chinese notebooks, for a Chinese one."""
    if names is None:
        from matplotlib import font_manager

        names = [font.name for font in font_manager.fontManager.ttflist]
    if "DejaVu Sans" not in names:
        remedy = "install Matplotlib anew: pip install --force-reinstall matplotlib"
        return Finding("fonts", "failed", "Matplotlib's DejaVu Sans is missing", remedy)
    if not (root / "notebooks" / "zh").is_dir():
        return Finding("fonts", "OK", "DejaVu Sans, for the figures")
    chinese = next((name for name in names if CHINESE_FONTS.search(name)), None)
    if chinese is None:
        remedy = "only for the Chinese pages; on Debian or Ubuntu: apt install fonts-noto-cjk"
        return Finding("fonts", "warning", "DejaVu Sans; no Chinese font", remedy)
    return Finding("fonts", "OK", f"DejaVu Sans, and {chinese} for Chinese")


# --- the course -----------------------------------------------------------------------------


def check_course_files(
    probe: Probe, root: Path = ROOT, find: Callable[[str], Any] = importlib.util.find_spec
) -> Finding:
    """Look whether notebooks and pictures are there, and Python can import the given modules."""
    remedy = "take them from the course anew (git checkout .)"
    places = [root / name for name in isolation.GIVEN]
    missing = [place.name for place in places if not place.exists()]
    if not list((root / "notebooks").glob("*.ipynb")):
        missing.append("notebooks/*.ipynb")
    if missing:
        return Finding("course files", "failed", f"missing: {', '.join(missing)}", remedy)
    modules = [place.stem for place in places if place.suffix == ".py"]
    for name in modules:
        spec = find(name)
        if spec is None or Path(spec.origin).resolve().parent != root.resolve():
            where = f"found in {spec.origin}" if spec else "not found by Python"
            remedy = f"run: pip install -e . in {root}, or start JupyterLab with: make lab"
            return Finding("course files", "failed", f"{name}.py is {where}", remedy)
    broken = [f"{name}.py: {error}" for name, error in probe.get("broken", {}).items()]
    if broken:
        return Finding("course files", "failed", "; ".join(broken), remedy)
    return Finding("course files", "OK", f"{len(modules)} modules, pictures and notebooks")


def check_weights(folder: Path = FOLDER) -> Finding:
    """Compare every file of weights that is there with its checksum."""
    present, wrong, absent = [], [], []
    for weights in read_manifest(folder).values():
        path = folder / weights.file
        reason = fault(path, weights) if path.is_file() else "it is missing"
        if path.is_file() and not reason:
            present.append(f"{weights.name} ({megabytes(weights.bytes)})")
        elif not weights.urls:
            wrong.append((weights, f"{weights.file}: {reason}", "git checkout pretrained-model"))
        elif path.is_file():
            wrong.append((weights, f"{weights.file}: {reason}", f"course fetch {weights.name}"))
        elif not weights.instead_of:
            absent.append(weights.name)
    if wrong:
        remedy = "; ".join(dict.fromkeys(f"run: {command}" for _, _, command in wrong))
        return Finding("weights", "failed", "; ".join(text for _, text, _ in wrong), remedy)
    others = f"; not fetched, and not needed: {', '.join(absent)}" if absent else ""
    return Finding("weights", "OK", f"whole: {', '.join(present)}{others}")


def check_kernel(spec: Any = None) -> Finding:
    """Look whether notebooks will run with this environment's Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    remedy = f"run: {sys.executable} -m ipykernel install --sys-prefix --name python3"
    try:
        spec = spec or KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return Finding("kernel", "failed", "Jupyter knows no kernel called python3", remedy)
    program = spec.argv[0] if spec.argv else ""
    if re.fullmatch(r"python(3(\.\d+)?)?", program):  # Jupyter takes its own Python for these
        return Finding("kernel", "OK", "python3 runs in this environment")
    if Path(program).parent != Path(sys.executable).parent:
        return Finding("kernel", "failed", f"python3 is {program}, another environment", remedy)
    return Finding("kernel", "OK", f"python3 is {program}")


def check_isolation(offered: isolation.Isolation | None = None) -> Finding:
    """Look whether submissions can be shut in here, which only `course grade` needs."""
    offered = offered or isolation.available()
    if offered.complete:
        return Finding("isolation", "OK", "submissions of strangers can be graded here")
    remedy = f"only to grade: {offered.remedy}"
    return Finding("isolation", "warning", "submissions cannot be isolated here", remedy)
