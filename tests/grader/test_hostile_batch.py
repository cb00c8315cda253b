"""All hostile submissions and twenty honest ones, graded together: everybody has their marks."""

import csv
import sqlite3
import tempfile
import zipfile
from types import SimpleNamespace

import psutil
import pytest
from classroom import FULL, wrong
from handed_in import (
    ART,
    FACES,
    FULL_ART,
    IN_A_NEIGHBOUR,
    IN_THE_ENVIRONMENT,
    IN_THE_FOLDER,
    IN_THE_GRADEBOOK,
    NEVER_SHOWN,
    RULES,
    SECRETS,
    SLACK,
    TIMES,
    marks_of,
    solved,
    without,
)
from hostile import ALL
from students import needs_isolation

from grading import grade
from grading.exports import number
from grading.feedback import MOST_BYTES
from grading.grade import Plan
from grading.gradebook import Book
from grading.results import content_hash, loads

pytestmark = needs_isolation


def honest():
    """Return what twenty others hand in, and their marks."""
    right = {f"right-{n:02}": (FACES, solved(f"right {n}"), FULL) for n in range(12)}
    secret = f"# {IN_A_NEIGHBOUR}"
    right["neighbour"] = FACES, solved("neighbour", cells=(secret,)), FULL
    for n in range(2):
        right[f"art-{n}"] = ART, solved(f"art {n}", lesson=ART), FULL_ART
    for mistake in ("all-summed-up", "door-always-open", "strangers-nameless"):
        answer = wrong(mistake)
        right[mistake] = FACES, solved(mistake, answer), without(FACES, *answer)
    blank = 'def {}(*arguments):\n    raise NotImplementedError("{}: write the body")\n'
    for n in range(2):
        none = {name: blank.format(name, name) + f"# {n}\n" for name in FULL}
        right[f"blank-{n}"] = FACES, solved(f"blank {n}", none), without(FACES, *FULL)
    return right


# Who had all marks before, and hands in something worse.
AGAIN = ("ends-by-os-exit", "wrong-and-its-test-cells-were-deleted")


class Watcher(grade.Silent):
    """Notes every process that starts after it was made, so not those of tests before."""

    def __init__(self):
        self.processes = set()
        self.before = set(psutil.Process().children(recursive=True))

    def graded(self, submission, result):
        self.processes.update(psutil.Process().children(recursive=True))
        self.processes -= self.before


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Grade them all, twice the two who hand in again; return what there is to look at."""
    folder = tmp_path_factory.mktemp("batch")
    for name in ("tmp", "grades", "book"):
        (folder / name).mkdir()
    (folder / "grades" / "own notes.txt").write_text(IN_THE_FOLDER, encoding="utf-8")
    url = f"sqlite:///{folder / 'book' / 'gradebook.db'}"
    others = honest()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COURSE_HOSTILE", IN_THE_ENVIRONMENT)
        patched.setenv("TMPDIR", str(folder / "tmp"))
        patched.setattr(tempfile, "tempdir", None)
        for student in AGAIN:
            write(folder / "before" / "submitted", student, FACES, solved(f"{student} before"))
        out = folder / "grades"
        before = grade.grade(Plan((folder / "before",), out, url, RULES, workers=2))
        base = sqlite3.connect(folder / "book" / "gradebook.db")
        base.execute("CREATE TABLE aside (words TEXT)")
        base.execute("INSERT INTO aside VALUES (?)", [IN_THE_GRADEBOOK])
        base.commit()
        base.close()
        with zipfile.ZipFile(folder / "class.zip", "w") as archive:
            for sample in ALL:
                sample.hand_in(folder / "inbox" / "submitted", archive)
        for student, (lesson, data, _) in others.items():
            write(folder / "inbox" / "submitted", student, lesson, data)
        handed_in = listed(folder / "inbox")
        watcher = Watcher()
        plan = Plan((folder / "inbox", folder / "class.zip"), out, url, RULES, workers=2)
        after = grade.grade(plan, watcher)
    return SimpleNamespace(
        folder=folder,
        out=out,
        url=url,
        others=others,
        before=before,
        graded=after,
        handed_in=handed_in,
        processes=watcher.processes,
    )


def write(folder, student, lesson, data):
    path = folder / student / lesson / f"{lesson}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)


def listed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def of_student(batch, sample):
    """Return the result of a sample, or None."""
    if sample.folder:
        content = content_hash(sample.files()[f"{FACES}.ipynb"])
        return next(r for r in batch.graded.results if r.content == content)
    mine = [r for r in batch.graded.results if r.student == sample.student]
    assert len(mine) <= 1
    return mine[0] if mine else None


def test_in_a_batch_everybody_gets_what_they_deserve(batch):
    assert [(s.student, str(error)) for s, error in batch.graded.failed] == []
    homeless = {s.student: " ".join(s.problems) for s in batch.graded.homeless}
    results = {sample.name: of_student(batch, sample) for sample in ALL}
    reasons = {
        sample.name: homeless.pop(sample.student, "") if result is None else result.reason
        for sample in ALL
        if (result := results[sample.name]) is None or result.status == "ungradable"
    }
    assert not homeless
    assert reasons.keys() == {sample.name for sample in ALL if sample.marks is None}
    assert not {s.name for s in ALL if s.marks is None and s.says not in reasons[s.name]}
    graded = {sample.name: marks_of(results[sample.name]) for sample in ALL if sample.marks}
    assert {s.name: graded[s.name] for s in ALL if s.marks and not s.fits(graded[s.name])} == {}
    marks = {r.student: marks_of(r) for r in batch.graded.results}
    expected = {student: points for student, (_, _, points) in batch.others.items()}
    assert {student: marks[student] for student in expected} == expected


def test_results_gradebook_and_list_say_the_same(batch):
    totals = {(r.student, r.lesson): r.points for r in batch.graded.results}
    stored = {
        (result.student, result.lesson): result.points
        for path in (batch.out / "results").glob("*/*.json")
        for result in [loads(path.read_text(encoding="utf-8"))]
    }
    assert stored == totals
    with Book(batch.url) as book:
        lines = [line for lesson in sorted((FACES, ART)) for line in book.lines(lesson)]
    known = {(line.person.id, line.assignment): line for line in lines}
    assert {key: known[key].points for key in totals} == totals
    with (batch.out / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["score"] for row in rows] == [number(line.score) for line in lines]


def test_who_hands_in_something_worse_loses_the_marks_from_before(batch):
    assert {r.student: r.points for r in batch.before.results} == dict.fromkeys(AGAIN, 100.0)
    now = {r.student: r.points for r in batch.graded.results if r.student in AGAIN}
    assert now == {AGAIN[0]: 60.0, AGAIN[1]: 70.0}


def test_no_secret_is_in_any_file(batch):
    for path in batch.out.rglob("*"):
        if path.is_file() and path.name != "own notes.txt":
            data = path.read_bytes()
            assert not [secret for secret in SECRETS if secret.encode() in data], path


def test_no_student_learns_what_hidden_tests_give(batch):
    base = sqlite3.connect(batch.folder / "book" / "gradebook.db")
    comments = str(base.execute("SELECT auto_comment FROM comment").fetchall())
    base.close()
    lists = [path.read_text(encoding="utf-8") for path in batch.graded.lists]
    pages = [p.read_text(encoding="utf-8") for p in (batch.out / "feedback").rglob("*.html")]
    for sample in ALL:
        for word in sample.unseen:
            assert not [text for text in (comments, *lists, *pages) if word in text], word


def test_pages_are_small_and_run_nothing(batch):
    pages = list((batch.out / "feedback").rglob("*.html"))
    assert len(pages) == len(batch.graded.results)
    for path in (*pages, batch.graded.report):
        text = path.read_text(encoding="utf-8")
        assert not [sign for sign in NEVER_SHOWN if sign in text], path
    assert max(path.stat().st_size for path in pages) <= MOST_BYTES


def test_nothing_is_left_outside_the_folder_for_marks(batch):
    assert listed(batch.folder / "inbox") == batch.handed_in
    # Dask's locks, and where the processes of this test talk to each other until it ends.
    own = {"dask-scratch-space", "global.lock", "purge.lock"}
    left = {path.name for path in (batch.folder / "tmp").rglob("*")} - own
    assert not [name for name in left if not name.startswith(("pymp-", "listener-"))]
    assert listed(batch.folder / "book") == ["gradebook.db"]
    here = {path.name for path in batch.folder.iterdir()}
    assert here == {"tmp", "grades", "book", "before", "inbox", "class.zip"}
    assert not list(batch.out.rglob("*.part"))
    assert not (batch.out / ".unpacked").exists()


def test_no_process_is_left(batch):
    assert batch.processes
    # What Python started for this test's own process goes on until that ends.
    ours = {process.pid for process in psutil.Process().children()}
    others = [process for process in batch.processes if process.pid not in ours]
    _, alive = psutil.wait_procs(others, timeout=120)
    assert len(others) > len(ours)
    assert not [(process.ppid(), process.cmdline()) for process in alive]


def test_nobody_takes_more_time_than_there_is_for_one(batch):
    assert max(result.seconds for result in batch.graded.results) < TIMES.submission + SLACK
