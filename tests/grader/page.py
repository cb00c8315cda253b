"""Reads a page the way a browser does, as far as tests need it."""

import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "br", "wbr", "img", "hr", "input", "link", "use", "path"}
# What may act or load; `style` and `svg` are the page's own.
ACTIVE = {"script", "iframe", "object", "embed", "form", "link", "img", "base", "video", "audio"}


class Page(HTMLParser):
    """The tags and texts of a page; it insists on properly nested tags."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.open = [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag, f"</{tag}> closes another tag"

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def check_page(text):
    """Return a page that loads nothing, runs nothing and can be read aloud."""
    page = Page(text)
    names = [tag for tag, _ in page.tags]
    assert not ACTIVE & set(names)
    ids = []
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        for name in {"href", "src", "xlink:href", "action"} & set(attrs):
            assert re.match(r"#|feedback/", attrs[name]), (tag, attrs)
        ids += [attrs["id"]] if "id" in attrs else []
        if tag == "svg":
            assert attrs["role"] == "img"
            assert len(attrs["aria-label"]) > 20
    assert len(set(ids)) == len(ids), "an id stands twice"
    targets = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert set(targets) <= set(ids)
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/)", text)
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'")
    assert page.all("html") == [{"lang": "en"}]
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert all("scope" in attrs for attrs in page.all("th"))
    levels = [int(name[1]) for name in names if re.fullmatch(r"h\d", name)]
    assert all(b <= a + 1 for a, b in pairwise(levels)), levels
    return page
