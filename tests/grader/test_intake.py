"""Folders and archives as instructors get them, and as nobody would want to get them."""

import io
import json
import os
import stat
import sys
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grading import CourseError
from grading.archives import Limits, find
from grading.cells import Template, read_cells
from grading.intake import MOST_FILES, collect, lesson_of
from grading.platforms import blackboard_name, sender, timestamp

LESSONS = [
    Template("sums", {"double": "def double(x): ...", "total": "def total(x): ..."}, {}),
    Template("areas", {"area": "def area(a, b): ..."}, {}),
]
DOUBLE = "def double(x):\n    return 2 * x"
TOTAL = "def total(x):\n    return sum(x)"
AREA = "def area(a, b):\n    return a * b"


def notebook(*sources, **metadata):
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content).encode()


SUMS, AREAS = notebook(DOUBLE, TOTAL), notebook(AREA)


def zipped(files, **options):
    """Return the bytes of a zip; a value may be bytes, or more files for a zip within it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, zipped(content) if isinstance(content, dict) else content)
    return target.getvalue()


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def put(inbox):
    """Write files, zips given as dicts, into the inbox."""

    def write(files):
        for name, content in files.items():
            path = inbox / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(zipped(content) if isinstance(content, dict) else content)
        return inbox

    return write


@pytest.fixture
def take(tmp_path):
    """Collect, and see to it that nothing is written but into the folder of copies."""

    def run(*paths, **limits):
        before = everything(tmp_path)
        into = tmp_path / "copies"
        found = collect(paths, into, LESSONS, Limits(**limits) if limits else None)
        new = everything(tmp_path) - before - {into}
        assert all(path.parent == into for path in new), new
        assert not [path for path in new if path.suffix in {".part", ".archive"}]
        return found

    return run


def everything(folder):
    return {Path(place, n) for place, ds, fs in os.walk(folder) for n in (*ds, *fs)}


def marks(submissions):
    """Who answered which lesson with how many exercises; None for what cannot be graded."""
    graded = {}
    for one in submissions:
        assert one.gradable == (one.kind != "unreadable")
        assert one.problems or one.gradable
        cells = read_cells(one.path.read_bytes(), one.path.name) if one.path else None
        graded[one.student, one.lesson] = len(cells.defined) if cells else None
    assert len(graded) == len(submissions)
    return graded


# Who sent it -------------------------------------------------------------------------------------


def test_moodle_puts_the_student_into_folders(put, take):
    folder = "Ana Li_123_assignsubmission_file_"
    inbox = put(
        {
            "moodle.zip": {
                f"{folder}/sums.ipynb": SUMS,
                "Ana Li_123_assignsubmission_onlinetext_/onlinetext.html": b"<p>Hello</p>",
                "José Núñez_7_assignsubmission_file/area s.ipynb": AREAS,
                "Ben_9_assignsubmission_file_sums.ipynb": SUMS,
                "Zoë_11_assignsubmission_file_/report.pdf": b"%PDF",
            }
        }
    )
    found = take(inbox / "moodle.zip")
    assert marks(found) == {
        ("123", "sums"): 2,
        ("7", "areas"): 1,
        ("9", "sums"): 2,
        ("11", None): None,
    }
    assert {s.student: s.name for s in found}["7"] == "José Núñez"
    assert "report.pdf" in {s.student: s.problems for s in found}["11"][0]


def test_canvas_puts_the_student_into_file_names(put, take):
    inbox = put(
        {
            "submissions.zip": {
                "liana_123_45678_sums.ipynb": SUMS,
                "nunezjose_LATE_7_45679_areas-2.ipynb": AREAS,
                "anon_x7Yz2_45680_sums.ipynb": SUMS,
                "leeben_9_text.html": b"<p>see my mail</p>",
            }
        }
    )
    assert marks(take(inbox)) == {
        ("123", "sums"): 2,
        ("7", "areas"): 1,
        ("x7Yz2", "sums"): 2,
        ("9", None): None,
    }


def test_blackboard_grades_the_newest_attempt_and_knows_names(put, take):
    start = "Sums and more_ana07_attempt_2024-0"
    about = b"Name: Ana Li (ana07)\nAssignment: Sums and more\n"
    inbox = put(
        {
            "gradebook.zip": {
                f"{start}1-31-13-45-10_sums.ipynb": SUMS,
                f"{start}2-01-09-00-00_sums.ipynb": notebook(DOUBLE),
                f"{start}2-01-09-00-00.txt": about,
            }
        }
    )
    (one,) = take(inbox / "gradebook.zip")
    assert (one.student, one.name) == ("ana07", "Ana Li")
    assert one.submitted.astimezone().strftime("%Y-%m-%d %H:%M") == "2024-02-01 09:00"
    assert one.submitted.tzinfo is not None
    assert "02-01-09" in one.origin
    assert "01-31-13" in one.others[0]


def test_brightspace_puts_the_student_and_the_time_into_folders(put, take):
    inbox = put(
        {
            "download.zip": {
                "index.html": b"<html>",
                "12345-67890 - Ana Li - Jan 31, 2024 145 PM/sums.ipynb": notebook(DOUBLE),
                "12345-67891 - Ana Li - Feb 1, 2024 1000 AM/sums.ipynb": SUMS,
                "22345-67892 - Bo Ek - Jan 31, 2024 145 PM/work.zip": {"sums.ipynb": SUMS},
            }
        }
    )
    found = take(inbox / "download.zip")
    assert marks(found) == {("12345", "sums"): 2, ("22345", "sums"): 2}
    assert [s.name for s in found] == ["Ana Li", "Bo Ek"]
    assert found[1].submitted.astimezone().strftime("%d %H:%M") == "31 13:45"


def test_nbgraders_tree_says_student_and_time(put, take):
    inbox = put(
        {
            "source/sums/sums.ipynb": SUMS,
            "autograded/eva/sums/sums.ipynb": SUMS,
            "submitted/ana/sums/sums.ipynb": SUMS,
            "submitted/ana/sums/timestamp.txt": b"2024-01-31 13:45:10.123456 UTC\n",
            "submitted/ana/areas/areas.ipynb": AREAS,
            "submitted/ben/sums/renamed.ipynb": SUMS,
            "submitted/Ben/sums/sums.ipynb": SUMS,
            "submitted/cy/sums/notes.txt": b"sorry",
        }
    )
    (inbox / "submitted" / "dora").mkdir()
    expected = {
        ("ana", "areas"): 1,
        ("ana", "sums"): 2,
        ("ben", "sums"): 2,
        ("Ben", "sums"): 2,
        ("cy", "sums"): None,
        ("dora", None): None,
    }
    found = take(inbox)
    assert marks(found) == expected
    assert found[1].submitted == datetime(2024, 1, 31, 13, 45, 10, 123456, UTC)
    assert "the folder is empty" in found[-1].problems[0]
    assert marks(take(inbox / "submitted")) == expected
    assert marks(take(inbox / "submitted" / "ana" / "sums")) == {("ana", "sums"): 2}
    assert marks(take(inbox / "submitted" / "ana" / "sums" / "sums.ipynb")) == {("ana", "sums"): 2}


def test_nbgraders_exchange_says_student_and_time(put, take):
    inbox = put({"inbound/ana+sums+2024-01-31 13:45:10 UTC+c2VjcmV0/sums.ipynb": SUMS})
    (one,) = take(inbox / "inbound")
    assert (one.student, one.submitted) == ("ana", datetime(2024, 1, 31, 13, 45, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("files", "students"),
    [
        ({"ana.ipynb": SUMS, "ben.py": DOUBLE.encode()}, {"ana", "ben"}),
        ({"ana_sums.ipynb": SUMS, "Sums - ben (1).ipynb": SUMS}, {"ana", "ben"}),
        ({"ana/sums.ipynb": SUMS, "ben/hw/sums.ipynb": SUMS}, {"ana", "ben"}),
        ({"all/ana/sums.ipynb": SUMS, "all/ben/sums.ipynb": SUMS}, {"ana", "ben"}),
        ({"all/ana.ipynb": SUMS, "all/ben.ipynb": SUMS}, {"ana", "ben"}),
        ({"ana.zip": {"sums.ipynb": SUMS}, "ben.zip": {"x/sums.ipynb": SUMS}}, {"ana", "ben"}),
        ({"ana/sums.ipynb": SUMS, "ana/areas.ipynb": AREAS}, {"ana"}),
        ({"ana/sums/sums.ipynb": SUMS, "ana/areas/areas.ipynb": AREAS}, {"ana"}),
        ({"sums.ipynb": SUMS, "areas.ipynb": AREAS}, {"inbox"}),
        ({"ana.ipynb.txt": SUMS, "ben.ipynb.json": SUMS, "cy.IPYNB": SUMS}, {"ana", "ben", "cy"}),
        ({"ana_2024_01_31_sums.ipynb": SUMS, "b_2024_01_31.ipynb": SUMS}, None),
    ],
)
def test_elsewhere_the_place_says_who_it_is(put, take, files, students):
    found = {s.student for s in take(put(files))}
    assert len(found) == 2 if students is None else found == students


def test_a_file_given_by_itself(put, take):
    inbox = put({"ana.ipynb": SUMS, "sums.ipynb": SUMS})
    assert marks(take(inbox / "ana.ipynb", inbox / "sums.ipynb")) == {
        ("ana", "sums"): 2,
        ("sums", "sums"): 2,
    }


def test_zips_given_one_by_one_keep_their_students_apart(put, take):
    inbox = put({f"{name}.zip": {"homework/sums.ipynb": SUMS} for name in ("ana", "ben")})
    found = take(inbox / "ana.zip", inbox / "ben.zip")
    assert marks(found) == {("ana", "sums"): 2, ("ben", "sums"): 2}


def test_two_platform_zips_in_one_folder(put, take):
    files = {f"S{n}_{n}_assignsubmission_file_/sums.ipynb": SUMS for n in (11, 12)}
    inbox = put({"art.zip": files, "faces.zip": {"all": b"", **files}})
    assert set(marks(take(inbox))) == {("11", "sums"), ("12", "sums")}


@pytest.mark.parametrize(
    "files",
    [
        {"submitted/eve/sums/Ana_123_assignsubmission_file_.ipynb": SUMS},
        {
            "Eve_5_assignsubmission_file_/Ana_123_assignsubmission_file_/sums.ipynb": SUMS,
            "Ben_6_assignsubmission_file_/sums.ipynb": SUMS,
        },
        {"eve/work/Ana_123_assignsubmission_file_/sums.ipynb": SUMS, "ben/sums.ipynb": SUMS},
        {"eve.zip": {"submitted/123/sums/sums.ipynb": SUMS}, "b.zip": {"sums.ipynb": SUMS}},
    ],
)
def test_nobody_can_hand_in_for_another(put, take, files):
    assert not {"123"} & {s.student for s in take(put(files))}


def test_the_same_file_given_twice_counts_once(put, take):
    inbox = put({"submitted/ana/sums/sums.ipynb": SUMS})
    (one,) = take(inbox, inbox / "submitted", inbox / "submitted/ana", inbox)
    assert one.others == ()


def test_ids_are_fit_for_file_names_and_stay_different(put, take):
    composed, apart = "é.ipynb", unicodedata.normalize("NFD", "é") + "x.ipynb"
    long = "n" * 120
    files = {
        **{"a:b/sums.ipynb": SUMS, "a?b/sums.ipynb": SUMS, "Ana/x.ipynb": SUMS},
        **{"ana/x.ipynb": SUMS, f"{long}1.ipynb": SUMS, f"{long}2.ipynb": SUMS},
        **{composed: SUMS, apart: SUMS, "tab\tname\u202e.ipynb": SUMS, ". .ipynb/x.ipynb": SUMS},
    }
    ids = [s.student for s in take(put(files))]
    # The last is a hidden folder.
    assert len(ids) == len(files) - 1
    assert len({i.casefold() for i in ids}) == len(ids)
    assert all(len(i) <= 120 and i == i.strip(" .") for i in ids)
    assert not any(set(i) & set('<>:"/\\|?*\t\n\u202e') for i in ids)
    assert {"é", "éx"} <= set(ids)


def test_ids_of_wide_signs_are_fit_for_file_names_too(put, take):
    names = [sign * 95 + end for sign in ("王", "\U0001f600") for end in "12"]
    inbox = put({"class.zip": {f"{name}/sums.ipynb": SUMS for name in names}})
    ids = [s.student for s in take(inbox / "class.zip")]
    assert len(set(ids)) == len(names)
    assert all(len(i.encode()) <= 220 for i in ids)


def test_names_that_are_no_unicode_can_be_written_down(inbox, take):
    Path(os.fsdecode(os.fsencode(inbox) + b"/a\xff\xfe.ipynb")).write_bytes(SUMS)
    (one,) = take(inbox)
    json.dumps([one.student, one.origin]).encode()
    one.student.encode()
    one.origin.encode()


# Which lesson, and which file --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "lesson"),
    [
        (SUMS, "areas.ipynb", "sums"),
        (notebook("x = 1", course={"generated": "from notebooks/source/areas.py"}), "x", "areas"),
        (notebook("x = 1"), "Ana - Areas (2).ipynb", "areas"),
        (notebook("x = 1"), "x.ipynb", None),
        (notebook("x = 1"), "sums_areas.ipynb", None),
        (notebook(DOUBLE, AREA), "x.ipynb", None),
        (notebook(DOUBLE, AREA), "sums.ipynb", "sums"),
        (notebook(DOUBLE, TOTAL, AREA), "areas.ipynb", "sums"),
    ],
)
def test_the_content_says_which_lesson_it_is_before_the_name_does(data, name, lesson):
    assert lesson_of(read_cells(data, name), LESSONS, name) == lesson


def test_the_most_complete_file_is_graded_and_the_others_are_named(put, take):
    folder = "Ana_123_assignsubmission_file_"
    files = {"draft.ipynb": notebook(DOUBLE), "final.ipynb": SUMS, "z.ipynb": notebook(DOUBLE)}
    files |= {"solution.py": f"{DOUBLE}\n\n{TOTAL}\n".encode(), "nst_utils.py": b"X = 1\n"}
    (one,) = take(put({f"{folder}/{name}": data for name, data in files.items()}))
    assert one.origin.endswith("final.ipynb")
    assert [other.rsplit(" / ")[-1] for other in one.others] == [
        "draft.ipynb",
        "solution.py",
        "z.ipynb",
    ]
    assert one.problems == ()


def test_between_equals_the_newest_is_graded(put, take):
    inbox = put({"ana/a.ipynb": SUMS, "ana/b.ipynb": SUMS, "ben/sums.ipynb": SUMS})
    os.utime(inbox / "ana" / "a.ipynb", (2e9, 2e9))
    assert take(inbox)[0].path.name == "a.ipynb"
    os.utime(inbox / "ana" / "b.ipynb", (2.1e9, 2.1e9))
    assert take(inbox)[0].path.name == "b.ipynb"


def test_an_untouched_notebook_beside_an_answered_one_is_no_submission(put, take):
    blank = notebook("def area(a, b): ...")
    inbox = put({"ana/sums.ipynb": SUMS, "ana/areas.ipynb": blank, "ben/areas.ipynb": blank})
    found = take(inbox)
    assert marks(found) == {("ana", "sums"): 2, ("ben", "areas"): 1}
    assert "untouched notebook areas" in found[0].problems[0]


def test_a_broken_file_beside_a_whole_one_is_named(put, take):
    (one,) = take(put({"ana/hw/sums.ipynb": SUMS, "ana/hw/new.ipynb": b'{"cells": ['}))
    assert one.lesson == "sums"
    assert "new.ipynb is no notebook" in one.problems[0]


def test_a_broken_file_is_for_the_lesson_that_its_place_names(put, take):
    found = take(
        put(
            {
                "ana/sums/hw.ipynb": b"{",
                "ana/areas/hw.ipynb": AREAS,
                "ben/my areas v2.ipynb": b"{",
                "cy/sums and areas.ipynb": b"{",
            }
        )
    )
    assert [(s.student, s.lesson, s.gradable) for s in found] == [
        ("ana", "areas", True),
        ("ana", "sums", False),
        ("ben", "areas", False),
        ("cy", None, False),
    ]
    assert found[0].problems == ()
    assert "hw.ipynb is no notebook" in found[1].problems[0]


def test_hundreds_of_files_of_one_student_are_not_all_read(put, take):
    names = {f"eve/{number:03}.py": DOUBLE.encode() for number in range(3 * MOST_FILES)}
    found = take(put({**names, "eve/sums.ipynb": SUMS, "ana/sums.ipynb": SUMS}))
    assert marks(found) == {("ana", "sums"): 2, ("eve", "sums"): 2}
    assert len(found[1].others) == MOST_FILES - 1
    assert f"the first {MOST_FILES} were looked at" in " ".join(found[1].problems)


@pytest.mark.parametrize(
    "litter",
    [
        "__MACOSX/._sums.ipynb",
        ".ipynb_checkpoints/sums-checkpoint.ipynb",
        "._sums.ipynb",
        "lib/site-packages/x.py",
        "__pycache__/x.py",
        ".git/x.py",
        ".DS_Store",
        "Thumbs.db",
    ],
)
def test_litter_is_left_out(put, take, litter):
    files = {"sums.ipynb": SUMS, litter: SUMS}
    found = take(put({"ana.zip": files, **{f"ben/{name}": data for name, data in files.items()}}))
    assert [(s.student, s.problems, s.others) for s in found] == [("ana", (), ()), ("ben", (), ())]


# What cannot be read costs itself only -----------------------------------------------------------


def encrypted(files):
    """Return a zip that claims a password."""
    data = bytearray(zipped(files))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def method(files, number):
    """Return a zip that claims another method of packing."""
    data = bytearray(zipped(files))
    data[8] = number
    data[data.index(b"PK\x01\x02") + 10] = number
    return bytes(data)


def with_link(target):
    info = zipfile.ZipInfo("sums.ipynb")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped({info: target.encode()})


def broken_sum(files):
    data = bytearray(zipped(files))
    place = data.index(b"PK\x01\x02") + 16
    data[place] ^= 0xFF
    return bytes(data)


def claims_less(files):
    """Return a zip whose list of files says that each has ten bytes."""
    data = bytearray(zipped(files))
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = (10).to_bytes(4, "little")
    return bytes(data)


def nested(depth):
    data = {"sums.ipynb": SUMS}
    for _ in range(depth):
        data = {"in.zip": data}
    return zipped(data)


def huge_list():
    """Return a zip whose end claims a list of files of a gigabyte, and a file as large."""
    end = bytearray(zipped({})[-22:])
    end[12:16] = (9_000_000).to_bytes(4, "little")
    return b"\0" * 9_000_000 + bytes(end)


BAD = {
    "no zip": (b"hello", "no readable zip"),
    "nothing": (b"", "no readable zip"),
    "half a zip": (zipped({"sums.ipynb": SUMS})[:-30], "no readable zip"),
    "a zip with a password": (encrypted({"sums.ipynb": SUMS}), "locked with a password"),
    "an unusual method": (method({"sums.ipynb": SUMS}, 14), "packed in an unusual way"),
    "an unknown method": (method({"sums.ipynb": SUMS}, 77), "packed in an unusual way"),
    "a link": (with_link("/etc/passwd"), "is a link"),
    "a wrong sum": (broken_sum({"sums.ipynb": SUMS}), "cannot be unpacked"),
    "a lie about size": (claims_less({"sums.ipynb": SUMS}), "cannot be unpacked"),
    "too many in one another": (nested(9), "lie in one another"),
    "a bomb": (zipped({"sums.ipynb": b"\0" * 60_000_000}), "has more than 50 MB"),
    "a bomb in a zip": (zipped({"a.zip": {"sums.ipynb": b" " * 60_000_000}}), "more than 50 MB"),
    "a large list of files": (huge_list(), "its list of files has more than 8 MB"),
    "an empty notebook": (zipped({"sums.ipynb": b""}), "is empty"),
    "a notebook that is a zip": (zipped({"sums.ipynb": {"x": b""}}), "is a zip archive"),
    "pictures": (zipped({"cat.png": b"..."}), "No notebook and no module"),
    "rar": (zipped({"sums.rar": b"Rar!"}), "only zip archives are opened"),
    "another lesson": (zipped({"x.ipynb": notebook("x = 1")}), "answers none of the lessons"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_archive_costs_its_student_only(put, take, what):
    data, message = BAD[what]
    inbox = put(
        {
            "moodle.zip": {
                "Ana_1_assignsubmission_file_/sums.ipynb": SUMS,
                "Eve_2_assignsubmission_file_/sums.zip": data,
                "Zoe_3_assignsubmission_file_/sums.ipynb": SUMS,
            }
        }
    )
    found = take(inbox / "moodle.zip")
    assert marks(found) == {("1", "sums"): 2, ("2", "sums"): None, ("3", "sums"): 2}
    assert message in found[1].problems[0]
    assert len(found[1].problems[0]) < 500


@pytest.mark.parametrize("what", ["no zip", "half a zip", "a large list of files", "nothing"])
def test_a_bad_archive_given_by_itself_is_nobodys(put, take, what):
    found = take(put({"ana.ipynb": SUMS}), put({"class.zip": BAD[what][0]}) / "class.zip")
    bad = [s for s in found if not s.gradable]
    assert marks(found)["ana", "sums"] == 2
    assert bad
    assert all(BAD[what][1] in s.problems[0] for s in bad)


@pytest.mark.parametrize(
    "name",
    [
        "../../sums.ipynb",
        "/etc/sums.ipynb",
        "..\\..\\sums.ipynb",
        "C:\\x\\sums.ipynb",
        "//host/share/sums.ipynb",
        "a/./../b/sums.ipynb",
        "~/sums.ipynb",
        "x/" * 50 + "sums.ipynb",
        "n" * 60000 + ".ipynb",
        "con.ipynb",
        "sums.ipynb\\",
        "new\nline.ipynb",
        " .ipynb",
    ],
    ids=lambda name: name[:20],
)
def test_odd_names_in_archives_lead_nowhere(put, take, name):
    files = {"Eve_2_assignsubmission_file_/sums.zip": {name: SUMS}}
    (one,) = take(put({"moodle.zip": files}) / "moodle.zip")
    assert (one.student, one.lesson) == ("2", "sums")
    assert len(one.origin) < 10_000
    assert one.origin.isprintable()


def test_climbing_names_at_the_top_of_an_archive_lead_nowhere(put, take):
    found = take(
        put({"class.zip": {"../../../ana.ipynb": SUMS, "/ben.ipynb": SUMS}}) / "class.zip"
    )
    assert {s.student for s in found} == {"ana", "ben"}


def test_names_that_differ_in_case_only_do_not_overwrite_each_other(put, take):
    files = {"ana.ipynb": SUMS, "ANA.ipynb": notebook(DOUBLE), "Ana.ipynb": AREAS}
    found = take(put({"class.zip": files}) / "class.zip")
    assert sorted(marks(found).values()) == [1, 1, 2]


def test_a_name_that_comes_twice_in_a_zip(put, take, recwarn):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("ana.ipynb", notebook(DOUBLE))
        archive.writestr("ana.ipynb", SUMS)
    (one,) = take(put({"class.zip": target.getvalue()}) / "class.zip")
    assert marks([one]) == {("ana", "sums"): 2}


def test_utf8_names_without_the_flag_are_read(put, take):
    data = bytearray(zipped({"José_7_assignsubmission_file_/sums.ipynb": SUMS}))
    data[7] &= ~0x08
    data[data.index(b"PK\x01\x02") + 9] &= ~0x08
    (one,) = take(put({"moodle.zip": bytes(data)}) / "moodle.zip")
    assert one.name == "José"


def test_links_and_pipes_on_disk_are_not_followed(put, inbox, take, tmp_path):
    secret = tmp_path / "solved"
    secret.mkdir()
    (secret / "sums.ipynb").write_bytes(SUMS)
    put({"submitted/ana/sums/sums.ipynb": SUMS})
    for student in ("eve", "eva", "evi", "fifo"):
        (inbox / "submitted" / student / "sums").mkdir(parents=True)
    (inbox / "submitted/eve/sums/sums.ipynb").symlink_to(secret / "sums.ipynb")
    (inbox / "submitted/eva/sums/all.ipynb").symlink_to(secret, target_is_directory=True)
    (inbox / "submitted/evi/sums/sums.ipynb").symlink_to(tmp_path / "nowhere")
    os.mkfifo(inbox / "submitted/fifo/sums/sums.ipynb")
    found = take(inbox)
    assert marks(found) == {
        ("ana", "sums"): 2,
        **{(student, "sums"): None for student in ("eva", "eve", "evi", "fifo")},
    }
    assert "links are not followed" in found[1].problems[0]
    assert "no ordinary file" in found[-1].problems[0]


def test_the_given_path_may_be_a_link(put, take, tmp_path):
    put({"ana.ipynb": SUMS})
    (tmp_path / "link").symlink_to(tmp_path / "inbox")
    assert set(marks(take(tmp_path / "link"))) == {("ana", "sums")}


def test_a_notebook_of_500_megabytes_is_refused_without_being_read(inbox, take):
    with (inbox / "ana.ipynb").open("wb") as file:
        file.truncate(500_000_000)
    (one,) = take(inbox)
    assert marks([one]) == {("ana", None): None}
    assert "more than 50 MB" in one.problems[0]


def test_a_zip_of_very_many_files_costs_itself_only(put, take):
    files = {f"{number}.py": b"x = 1" for number in range(50)}
    found = take(
        put({"all.zip": {"ana.zip": {"sums.ipynb": SUMS}, "eve.zip": files}}), archive_files=20
    )
    assert marks(found) == {("ana", "sums"): 2, ("eve", None): None}
    assert "holds more than 20 files" in " ".join(found[1].problems)


def test_a_zip_of_too_many_bytes_costs_itself_only(put, take):
    heavy = {f"{n}.ipynb": os.urandom(40_000) for n in range(5)}
    inbox = put({"all.zip": {"ana.zip": {"sums.ipynb": SUMS}, "eve.zip": {"in.zip": heavy}}})
    found = take(inbox, archive_bytes=300_000)
    assert marks(found) == {("ana", "sums"): 2, ("eve", None): None}
    assert "holds more than 0.3 MB" in " ".join(found[1].problems)


def test_many_zips_in_a_zip_share_its_bytes(put, take):
    files = {f"{n}.zip": {f"{m}.ipynb": os.urandom(40_000) for m in range(4)} for n in range(5)}
    found = take(put({"class.zip": files}) / "class.zip", total_bytes=1_000_000)
    assert "holds more than 1 MB" in " ".join(problem for s in found for problem in s.problems)


def test_a_zip_on_disk_cannot_use_up_the_folders_share(put, take):
    heavy = {f"{n}.ipynb": os.urandom(40_000) for n in range(5)}
    inbox = put({"eve.zip": heavy, "zoe.zip": {"sums.ipynb": SUMS}})
    found = take(inbox, total_bytes=1_000_000)
    assert marks(found) == {("eve", None): None, ("zoe", "sums"): 2}


def test_a_folder_of_too_many_files_says_so(put, take):
    found = take(put({f"{n:02}.ipynb": SUMS for n in range(30)}), files=20)
    assert len([s for s in found if s.gradable]) == 20
    assert "holds more than 20 files" in next(s for s in found if not s.gradable).problems[0]


def test_a_zip_that_holds_itself_ends(put, take):
    inner = nested(30)
    (one,) = take(put({"ana.zip": inner, "notes.md": b"..."}))
    assert "more than 4 archives" in one.problems[0]


def test_copies_inside_the_folder_are_not_collected_again(put, take, tmp_path):
    inbox = put({"class.zip": {"ana.ipynb": SUMS, "ben.ipynb": AREAS}})
    into = inbox / "work"
    for _ in range(2):
        found = collect([inbox], into, LESSONS)
        assert {s.student for s in found} == {"ana", "ben"}


def test_a_file_that_vanishes_is_reported(put, tmp_path, monkeypatch):
    inbox = put({"ana.ipynb": SUMS, "ben.ipynb": SUMS})
    found = list(find(inbox, tmp_path / "copies"))
    (inbox / "ana.ipynb").unlink()
    monkeypatch.setattr("grading.intake.find", lambda *_: found)
    assert marks(collect([inbox], tmp_path / "copies", LESSONS)) == {
        ("ana", None): None,
        ("ben", "sums"): 2,
    }


def test_a_path_that_is_not_there_is_the_instructors_mistake(inbox, take):
    with pytest.raises(CourseError, match="does not exist"):
        take(inbox / "nothing")


def test_an_empty_folder_has_no_submission(inbox, take):
    assert take(inbox) == []


@pytest.mark.skipif(sys.platform != "linux", reason="makes names of bytes")
def test_the_courses_own_lessons_are_the_default(put, tmp_path):
    gram = notebook("def gram_matrix(A):\n    return A")
    (one,) = collect([put({"ana.ipynb": gram})], tmp_path / "copies")
    assert one.lesson == "art_generation"


# The platforms' names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "platform", "student", "name"),
    [
        ("Ana Li_123_assignsubmission_file_", "Moodle", "123", "Ana Li"),
        ("Participant_123_assignsubmission_file_", "Moodle", "123", "Participant"),
        ("A-B_c_1_assignsubmission_file_x_2_y.ipynb", "Moodle", "1", "A-B_c"),
        ("liana_1_2_x_y.ipynb", "Canvas", "1", "liana"),
        ("liana_LATE_1_2_x.ipynb", "Canvas", "1", "liana"),
        ("anon_LATE_aB3dE_2_x.ipynb", "Canvas", "aB3dE", "anon"),
        ("HW_1_ana_attempt_2024-01-31-13-45-10.txt", "Blackboard", "ana", None),
        ("123-456 - Ana Li", "Brightspace", "123", "Ana Li"),
        ("123-456 - Ana-Mae Li - 31 January, 2024 1345", "Brightspace", "123", "Ana-Mae Li"),
        ("ana+art+2024-01-31 13:45:10 UTC", "nbgrader", "ana", None),
        ("ana.ipynb", None, None, None),
        ("ana_2024_01_31_art.ipynb", None, None, None),
        ("2024-01 - first sheet", None, None, None),
        ("art_generation_1.ipynb", None, None, None),
        ("", None, None, None),
        ("_" * 50_000, None, None, None),
        ("1_" * 25_000, None, None, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_senders(part, platform, student, name):
    found = sender(part)
    assert (found and (found.platform, found.student, found.name)) == (
        platform and (platform, student, name)
    )


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2024-01-31 13:45:10.5 UTC", datetime(2024, 1, 31, 13, 45, 10, 500_000, UTC)),
        ("2024-01-31 13:45:10 Europe/Berlin", datetime(2024, 1, 31, 12, 45, 10, tzinfo=UTC)),
        ("2024-01-31 13:45:10+02:00\n", datetime(2024, 1, 31, 11, 45, 10, tzinfo=UTC)),
        ("2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("2024-01-31 13:45:10 ../../etc/passwd", None),
        ("2024-01-31 13:45:10 No/Where", None),
        ("9" * 10**6, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_timestamps(text, right):
    assert timestamp(text) == right


def test_blackboards_text_about_an_attempt():
    assert blackboard_name("Name: Ana (Mae) Li (ana07)\nAssignment: x (y)\n") == (
        "ana07",
        "Ana (Mae) Li",
    )
    assert blackboard_name("Name of nobody") is None
