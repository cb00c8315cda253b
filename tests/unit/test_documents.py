"""What the documents point to is there."""

import re
import subprocess

import pytest

from nst_utils import COURSE_DIR

DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "images", "notebooks")
    for path in (COURSE_DIR / folder).glob("*.md")
)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_project_leads_somewhere(document):
    links = LINK.findall(document.read_text(encoding="utf-8"))
    missing = [link for link in links if not place(document, link).exists()]
    assert not missing


def place(document, link):
    """The file that a link leads to; the site makes its chapters of the notebooks."""
    if document.parent.name == "docs" and link.startswith("chapters/"):
        return COURSE_DIR / "notebooks" / link.removeprefix("chapters/")
    return document.parent / link


def test_committed_files_are_small():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=COURSE_DIR, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no git checkout: clone the repository to run this test")
    paths = [COURSE_DIR / name for name in listed.stdout.split("\0") if name]
    sizes = {path: path.stat().st_size for path in paths if path.is_file()}
    assert len(sizes) > 50
    assert max(sizes.values()) < 20 << 20
    assert sum(sizes.values()) < 150 << 20
