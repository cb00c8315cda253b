"""Grade whatever was handed in: from paths to marks, lists, pages and a report.

Results are kept by what was judged, and each student's marks are written in one piece. So the same
command can be given again after anything that stopped it: it goes on where it was.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from filelock import FileLock, Timeout

from grading import ROOT, CourseError, exports, stock
from grading.cells import templates
from grading.feedback import write_feedback
from grading.gradebook import Book, register
from grading.intake import Submission, collect
from grading.pool import each, pool
from grading.report import write_report
from grading.results import Person, Result, Store, content_hash, ungradable, write_result
from grading.worker import Job, Rules, lesson_version

UNREADABLE = "it could not be read"


class Watcher(Protocol):
    """Is told what happens."""

    def found(self, submissions: Sequence[Submission]) -> None:
        """Tell what there is to grade."""

    def graded(self, submission: Submission, result: Result) -> None:
        """Tell of a result."""

    def failed(self, submission: Submission, error: CourseError) -> None:
        """Tell of a submission that has no result, by the grader's own fault."""


class Silent:
    """A watcher that tells nobody."""

    def found(self, submissions: Sequence[Submission]) -> None:
        """Tell nobody."""

    def graded(self, submission: Submission, result: Result) -> None:
        """Tell nobody."""

    def failed(self, submission: Submission, error: CourseError) -> None:
        """Tell nobody."""


@dataclass(frozen=True)
class Plan:
    """What to grade, and where to.

    Attributes
    ----------
    paths : tuple of Path
        Notebooks, modules, folders, archives.
    out : Path
        The folder for results, pages, lists and the report.
    gradebook : str
        SQLAlchemy's URL.
    rules : Rules
        What holds for every submission.
    workers : int or None
        How many processes judge, see `grading.pool.pool`.
    scheduler : str or None
        The address of a Dask scheduler.
    """

    paths: tuple[Path, ...]
    out: Path
    gradebook: str
    rules: Rules = field(default_factory=Rules)
    workers: int | None = None
    scheduler: str | None = None


@dataclass
class Graded:
    """What came of a run.

    Attributes
    ----------
    results : list of Result
        One of each student and lesson.
    homeless : list of Submission
        What nobody can be given marks for: nobody's, or for no lesson.
    failed : list of (Submission, CourseError)
        What has no result by the grader's own fault; the same command does it again.
    report : Path
        The page on the class.
    lists : list of Path
        Marks for nbgrader, Moodle and Canvas.
    """

    results: list[Result] = field(default_factory=list)
    homeless: list[Submission] = field(default_factory=list)
    failed: list[tuple[Submission, CourseError]] = field(default_factory=list)
    report: Path = Path()
    lists: list[Path] = field(default_factory=list)


def grade(plan: Plan, watcher: Watcher = Silent()) -> Graded:  # noqa: B008 - it has no state
    """Grade everything.

    Parameters
    ----------
    plan : Plan
        What, and where to.
    watcher : Watcher
        Is told of each result.

    Returns
    -------
    Graded
        Everything is on disk and in the gradebook by then.

    Raises
    ------
    CourseError
        If there is nothing to grade, another grader is at work in the same folder, or the
        gradebook or the cluster cannot be reached. What was graded by then is kept.
    """
    with _alone_in(plan.out):
        unpacked = plan.out / ".unpacked"
        submissions = _assigned(collect(plan.paths, unpacked, templates(plan.rules.root or ROOT)))
        if not submissions:
            named = ", ".join(map(str, plan.paths))
            raise CourseError(f"no notebook, module or archive of them was found in {named}")
        watcher.found(submissions)
        run = _Run(plan, watcher)
        for submission in submissions:
            run.take(submission)
        with closing(_book(plan, run.lessons)) as book:
            run.judge_all(book)
            _write_lists(run, book)
        write_report(
            run.graded.report, run.graded.results, people=run.people, link=_page_address,
            made=f"graded on {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        )  # fmt: skip
        shutil.rmtree(unpacked, ignore_errors=True)
        return run.graded


def book_of(paths: Sequence[Path], out: Path) -> str:
    """Return the URL of the gradebook to take where none is named.

    Parameters
    ----------
    paths : sequence of Path
        If one of them is nbgrader's course folder, or lies in its `submitted`, it is that one's.
    out : Path
        Otherwise it is in this folder.
    """
    for path in paths:
        for folder in (path.resolve(), *path.resolve().parents):
            if (folder / stock.CONFIG_NAME).is_file() and (folder / "source").is_dir():
                return f"sqlite:///{folder / 'gradebook.db'}"
    return f"sqlite:///{out.resolve() / 'gradebook.db'}"


class _Run:
    """The submissions of one run, on their way to marks."""

    def __init__(self, plan: Plan, watcher: Watcher) -> None:
        self.plan = plan
        self.watcher = watcher
        self.store = Store(plan.out / "judged")
        self.graded = Graded(report=plan.out / "report.html")
        self.people: dict[str, Person] = {}
        self.lessons: set[str] = set()
        self._waiting: dict[str, list[Submission]] = defaultdict(list)  # by the key of their job
        self._ready: list[tuple[Submission, Result]] = []

    def take(self, submission: Submission) -> None:
        """Look at what it is: nobody's, without marks, judged before, or to be judged."""
        if not submission.student or submission.lesson is None:
            self.graded.homeless.append(submission)
            return
        self.lessons.add(submission.lesson)
        if submission.name:
            self.people[submission.student] = Person.named(submission.student, submission.name)
        if submission.path is None:
            self._ready.append((submission, self._without_marks(submission)))
            return
        job = self._job(submission)
        known = self.store.load("", job.lesson, content_hash(job.data), job.version)
        if known:
            self._ready.append((submission, known))
        else:
            self._waiting[job.key].append(submission)

    def judge_all(self, book: Book) -> None:
        """Judge what is not judged yet; record everything."""
        for submission, result in self._ready:
            self._record(book, submission, result)
        if not self._waiting:
            return
        jobs = (self._job(same[0]) for same in list(self._waiting.values()))
        with pool(len(self._waiting), self.plan.workers, self.plan.scheduler) as client:
            for job, outcome in each(client, jobs):
                for submission in self._waiting.pop(job.key):
                    if isinstance(outcome, Result):
                        self.store.save(outcome)
                        self._record(book, submission, outcome)
                    else:
                        self.graded.failed.append((submission, outcome))
                        self.watcher.failed(submission, outcome)

    def _job(self, submission: Submission) -> Job:
        assert submission.path
        assert submission.lesson
        version = lesson_version(submission.lesson, self.plan.rules)
        data = submission.path.read_bytes()
        # Not the student's own name of the file: others with the same bytes share the judgement.
        name = f"{submission.lesson}{'.py' if submission.kind == 'module' else '.ipynb'}"
        return Job(data, name, submission.lesson, version, self.plan.rules)

    def _without_marks(self, submission: Submission) -> Result:
        assert submission.lesson
        version = lesson_version(submission.lesson, self.plan.rules)
        reason = " ".join(submission.problems) or f"{submission.origin}: {UNREADABLE}"
        content = content_hash(submission.origin.encode("utf-8", "replace"))
        return ungradable(submission.student, submission.lesson, content, version, reason)

    def _record(self, book: Book, submission: Submission, judged: Result) -> None:
        """Give a judgement to a student: gradebook, result and page."""
        notes = judged.notes
        if judged.status == "graded":
            others = [f"Not graded: {other}." for other in submission.others]
            notes = (*notes, *submission.problems, *others)
        result = replace(judged, student=submission.student, notes=notes)
        person = self.people.get(submission.student)
        book.record(result, person=person, submitted=submission.submitted)
        folder = self.plan.out
        write_result(result, folder / "results" / result.lesson / f"{result.student}.json")
        write_feedback(
            folder / _page(result), result, person=person, submitted=submission.submitted
        )
        self.graded.results.append(result)
        self.watcher.graded(submission, result)


def _assigned(submissions: Sequence[Submission]) -> list[Submission]:
    """Where all the others answer the same lesson, take it for those that cannot be read."""
    lessons = {s.lesson for s in submissions if s.lesson is not None}
    if len(lessons) != 1:
        return list(submissions)
    (lesson,) = lessons
    have = {s.student for s in submissions if s.lesson is not None}
    return [
        replace(s, lesson=lesson, path=None)
        if s.lesson is None and s.student and s.student not in have
        else s
        for s in submissions
    ]


def _page(result: Result) -> str:
    return f"feedback/{result.lesson}/{result.student}.html"


def _page_address(result: Result) -> str:
    return quote(_page(result))


def _book(plan: Plan, lessons: Iterable[str]) -> Book:
    """Open the gradebook; make lessons known to it that are not."""
    with ExitStack() as stack:
        book = stack.enter_context(closing(Book(plan.gradebook)))
        for name in sorted(lessons):
            if not book.has(name):
                register(plan.rules.lesson(name), plan.gradebook)
        stack.pop_all()
    return book


def _write_lists(run: _Run, book: Book) -> None:
    """Write the marks for nbgrader, Moodle and Canvas."""
    everybody = []
    for name in sorted(run.lessons):
        lines = exports.remarked(book.lines(name), run.graded.results)
        everybody += lines
        texts = {
            "moodle": exports.moodle_csv(lines),
            "moodle-worksheet": exports.moodle_worksheet(lines),
            "canvas": exports.canvas_csv(lines),
        }
        for platform, text in texts.items():
            path = run.plan.out / "marks" / f"{name}-{platform}.csv"
            exports.write_csv(text, path)
            run.graded.lists.append(path)
    path = run.plan.out / "grades.csv"
    exports.write_csv(exports.nbgrader_csv(everybody), path)
    run.graded.lists.insert(0, path)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep a second grader out, and clear what a killed one left half-written."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", blocking=False):
            for part in folder.rglob("*.part"):
                part.unlink(missing_ok=True)
            yield
    except Timeout as error:
        raise CourseError(
            f"another `course grade` is at work in {folder}; wait for it, or name another --out"
        ) from error
