"""The database of faces against a dict and a loop over it."""

import numpy as np
import pytest

import face_database
from face_database import DatabaseError, FaceDatabase, UnknownPersonError


def unit(rng, *shape):
    """Draw encodings (..., 128) of length 1."""
    rows = rng.standard_normal((*shape, 128), np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def loop(encoding, people, k=1):
    """Search as the published course does; the sort keeps the order of equal ones."""
    distances = [(name, float(np.linalg.norm(encoding - known))) for name, known in people.items()]
    return sorted(distances, key=lambda match: match[1])[:k]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def people(rng):
    """Return a plain dict of 300 people."""
    return {f"person {i}": unit(rng, 1) for i in range(300)}


# --- as a dict


def test_it_behaves_as_the_dict(people):
    database = FaceDatabase()
    for name, encoding in people.items():
        database[name] = encoding
    assert list(database) == list(people)
    assert len(database) == 300
    for (name, got), (right_name, right) in zip(database.items(), people.items(), strict=True):
        assert name == right_name
        assert (got.shape, got.dtype) == ((1, 128), np.float32)
        np.testing.assert_array_equal(got, right)
    assert "person 7" in database
    assert "nobody" not in database
    assert database.get("nobody") is None


def test_what_comes_out_is_a_copy(rng):
    database, encoding = FaceDatabase(), unit(rng, 1)
    database["ada"] = encoding
    kept = encoding.copy()
    encoding[:] = 0
    database["ada"][:] = 0
    database.pictures("ada")[:] = 0
    np.testing.assert_array_equal(database["ada"], kept)
    assert database.nearest(kept) == [("ada", 0.0)]


def test_a_flat_encoding_is_taken_too(rng):
    database, encoding = FaceDatabase(), unit(rng)
    database["ada"] = encoding
    np.testing.assert_array_equal(database["ada"], encoding[np.newaxis])


def test_several_pictures_give_their_mean_at_length_1(rng):
    database, pictures = FaceDatabase(), unit(rng, 3)
    for picture in pictures:
        database.add("ada", picture[np.newaxis])
    mean = pictures.astype(np.float64).mean(axis=0, keepdims=True)
    np.testing.assert_allclose(database["ada"], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_array_equal(database.pictures("ada"), pictures)
    assert repr(database) == "FaceDatabase(1 people, 3 pictures)"


def test_a_new_encoding_replaces_all_pictures(rng):
    database, new = FaceDatabase(), unit(rng, 1)
    database.add("ada", unit(rng, 4))
    database["ada"] = new
    np.testing.assert_array_equal(database.pictures("ada"), new)
    np.testing.assert_array_equal(database["ada"], new)


def test_any_order_of_changes_leaves_what_a_dict_would_hold(rng):
    database, plain = FaceDatabase(), {}
    for step in range(600):
        name = f"person {rng.integers(40)}"
        if rng.random() < 0.45 and name in plain:
            del plain[name], database[name]
        else:
            plain[name] = database[name] = unit(rng, 1)
        if step % 20 == 0 and plain:
            query = unit(rng, 1)
            assert database.nearest(query, 5) == loop(query, plain, 5)
            assert list(database) == list(plain)
    for name, right in plain.items():
        np.testing.assert_array_equal(database[name], right)
    database.clear()
    assert (len(database), list(database), "person 1" in database) == (0, [], False)


def test_room_grows_by_doubling(rng):
    database, copies = FaceDatabase(), 0
    for number in range(1000):
        before = database._encodings
        database[f"person {number}"] = unit(rng, 1)
        copies += database._encodings is not before
    assert copies <= 8
    assert len(database._encodings) < 2100


# --- many at once


def test_from_mapping_equals_one_after_another(rng, people):
    people["bea"] = unit(rng, 3)
    database, one_by_one = FaceDatabase.from_mapping(people), FaceDatabase()
    for name, encoding in people.items():
        one_by_one[name] = encoding
    assert list(database) == list(one_by_one)
    for name in people:
        np.testing.assert_array_equal(database[name], one_by_one[name])
        np.testing.assert_array_equal(database.pictures(name), one_by_one.pictures(name))
    query = unit(rng, 1)
    assert database.nearest(query, 9) == one_by_one.nearest(query, 9)


def test_from_arrays_equals_from_mapping(people):
    rows = np.concatenate(list(people.values()))
    database = FaceDatabase.from_arrays(list(people), np.asfortranarray(rows))
    rows[:] = 0
    for name, encoding in people.items():
        np.testing.assert_array_equal(database[name], encoding)


def test_an_empty_mapping_gives_an_empty_database():
    assert len(FaceDatabase.from_mapping({})) == 0


# --- files


def test_save_and_load(rng, people, tmp_path):
    database = FaceDatabase.from_mapping(people)
    database.add("person 7", unit(rng, 2))
    database["Zoë\n\0 王"] = unit(rng, 1)
    del database["person 9"]
    path = database.save(tmp_path / "new" / "door.npz")
    again = FaceDatabase.load(path)
    assert list(again) == list(database)
    for name in database:
        np.testing.assert_array_equal(again[name], database[name])
        np.testing.assert_array_equal(again.pictures(name), database.pictures(name))
    again["new"] = unit(rng, 1)
    assert len(again) == 301
    assert [file.name for file in path.parent.iterdir()] == ["door.npz"]


def test_an_empty_database_is_saved_too(tmp_path):
    assert len(FaceDatabase.load(FaceDatabase().save(tmp_path / "none.npz"))) == 0


def test_save_wants_npz(tmp_path):
    with pytest.raises(DatabaseError, match=r"door\.pkl ends in '\.pkl'"):
        FaceDatabase().save(tmp_path / "door.pkl")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 9}, "format 9"),
        ({"counts": np.array([1, 2])}, "does not hold together"),
        ({"counts": np.array([3, -1])}, "does not hold together"),
        ({"encodings": np.zeros((2, 64), np.float32)}, "does not hold together"),
        ({"encodings": np.zeros((2, 128))}, "does not hold together"),
        ({"encodings": np.full((2, 128), np.nan, np.float32)}, "ada.*not finite"),
        ({"names": np.frombuffer(b'["ada", "ada"]', np.uint8)}, "'ada' comes twice"),
        ({"names": np.frombuffer(b'["ada", 5]', np.uint8)}, "name 5 is not text"),
        ({"names": np.frombuffer(b'{"ada": 1, "bea": 2}', np.uint8)}, "does not hold together"),
        ({"names": np.frombuffer(b"ada", np.uint8)}, "no database, or broken"),
        ({"names": np.array(["ada", None], object)}, "no database, or broken"),
        ({"counts": None}, "no database, or broken"),
    ],
)
def test_load_refuses(rng, tmp_path, change, words):
    arrays = {
        "format": 1,
        "names": np.frombuffer(b'["ada", "bea"]', np.uint8),
        "counts": np.ones(2, np.int64),
        "encodings": unit(rng, 2),
    }
    path = tmp_path / "door.npz"
    np.savez(path, **{name: x for name, x in (arrays | change).items() if x is not None})
    with pytest.raises(DatabaseError, match=rf"(?s)door\.npz.*{words}"):
        FaceDatabase.load(path)


@pytest.mark.parametrize("keep", [0, 40, 1000])
def test_load_refuses_a_torn_file(people, tmp_path, keep):
    path = FaceDatabase.from_mapping(people).save(tmp_path / "door.npz")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DatabaseError, match=r"door\.npz is no database, or broken"):
        FaceDatabase.load(path)


def test_load_names_a_missing_file(tmp_path):
    with pytest.raises(DatabaseError, match=r"door\.npz is missing"):
        FaceDatabase.load(tmp_path / "door.npz")


# --- search


@pytest.mark.parametrize("k", [1, 2, 17, 300, 1000])
def test_nearest_is_the_loop_to_the_bit(rng, people, k):
    database = FaceDatabase.from_mapping(people)
    for query in [*unit(rng, 8, 1), people["person 250"]]:
        assert database.nearest(query, k) == loop(query, people, k)
        assert database.nearest(query[0], k) == loop(query, people, k)


def test_nearest_of_people_equally_near_is_the_first(rng):
    encoding = unit(rng, 1)
    people = dict.fromkeys(("zoe", "bob", "ada"), encoding)
    database = FaceDatabase.from_mapping(people)
    assert database.nearest(unit(rng, 1))[0][0] == "zoe"
    assert database.nearest(encoding, 3) == [("zoe", 0.0), ("bob", 0.0), ("ada", 0.0)]


def test_nearest_tells_people_apart_whom_rounding_hides(rng):
    # 3e-7 apart: less than the scores can tell, which are sums of 128 products in float32.
    encoding = unit(rng, 1)
    near = {str(i): encoding + np.float32(3e-7) * unit(rng, 1) for i in range(500)}
    query = encoding + np.float32(1e-3) * unit(rng, 1)
    assert FaceDatabase.from_mapping(near).nearest(query, 20) == loop(query, near, 20)


@pytest.mark.parametrize("length", [1e-3, 1, 30, 1e4])
def test_nearest_of_encodings_of_other_lengths(rng, length):
    rows = rng.standard_normal((200, 1, 128), np.float32) * np.float32(length)
    people = {str(i): row for i, row in enumerate(rows)}
    query = rows[3] + np.float32(0.1 * length) * unit(rng, 1)
    assert FaceDatabase.from_mapping(people).nearest(query, 7) == loop(query, people, 7)


def test_nearest_many_is_nearest_of_each(rng, people, monkeypatch):
    monkeypatch.setattr(face_database, "SCORES_AT_ONCE", 900)  # three queries together
    database, queries = FaceDatabase.from_mapping(people), unit(rng, 10)
    for k in (1, 4):
        right = [loop(query[np.newaxis], people, k) for query in queries]
        assert database.nearest_many(queries, k) == right
    assert database.nearest_many(queries[:0]) == []


def test_many_candidates_are_measured_some_at_a_time(rng, monkeypatch):
    monkeypatch.setattr(face_database, "ROWS_AT_ONCE", 7)
    people = {str(i): encoding for i, encoding in enumerate(np.repeat(unit(rng, 1, 1), 40, 0))}
    query = unit(rng, 1)
    assert FaceDatabase.from_mapping(people).nearest(query, 40) == loop(query, people, 40)


# --- errors


def test_an_unknown_name_brings_up_similar_ones(people):
    database = FaceDatabase()
    with pytest.raises(UnknownPersonError, match="empty"):
        database["ada"]
    for name in ("benjamin", "kofi"):
        database[name] = people["person 1"]
    with pytest.raises(KeyError, match=r"'benjamen' is not in .* mean benjamin"):
        database["benjamen"]
    with pytest.raises(KeyError, match="knows benjamin, kofi"):
        database.pictures("xyz")
    with pytest.raises(KeyError, match="'xyz' is not in the database of 2 people"):
        del database["xyz"]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        (np.zeros((1, 64)), r"ada: the shape is \(1, 64\); an encoding is \(1, 128\)"),
        (np.zeros((0, 128)), r"\(0, 128\)"),
        (np.zeros((1, 1, 128)), r"\(1, 1, 128\)"),
        (3.0, r"\(\)"),
        ("images/ada.jpg", "str is no array"),
        (None, "ada"),
        (np.full((1, 128), np.nan), "ada: .* not finite"),
        (np.full((1, 128), 1e300), "ada: .* not finite, or too large"),
        (np.full((1, 128), 1e25), "ada: .* not finite, or too large"),
    ],
)
def test_a_wrong_encoding_is_refused_and_changes_nothing(rng, encoding, words):
    database = FaceDatabase.from_mapping({"ada": unit(rng, 2)})
    kept = database.pictures("ada")
    for change in (
        lambda: database.__setitem__("ada", encoding),
        lambda: database.add("ada", encoding),
        lambda: FaceDatabase.from_mapping({"ada": encoding}),
    ):
        with pytest.raises(DatabaseError, match=words):
            change()
    np.testing.assert_array_equal(database.pictures("ada"), kept)


def test_pictures_that_cancel_out_are_refused(rng):
    database, encoding = FaceDatabase(), unit(rng, 1)
    database["ada"] = encoding
    with pytest.raises(DatabaseError, match="ada: the mean of the 2 encodings is zero"):
        database.add("ada", -encoding)
    np.testing.assert_array_equal(database["ada"], encoding)


@pytest.mark.parametrize("name", ["", 5, None])
def test_a_name_is_text(rng, name):
    with pytest.raises(DatabaseError, match=f"{name!r} is not text"):
        FaceDatabase()[name] = unit(rng, 1)


def test_a_name_that_comes_twice_is_refused(rng):
    pairs = [("ada", unit(rng, 1)), ("bea", unit(rng, 1)), ("ada", unit(rng, 1))]
    with pytest.raises(DatabaseError, match="'ada' comes twice"):
        FaceDatabase.from_mapping(pairs)


def test_names_and_rows_have_to_be_as_many(rng):
    with pytest.raises(DatabaseError, match=r"\(3, 128\); for 2 names expected \(2, 128\)"):
        FaceDatabase.from_arrays(["ada", "bea"], unit(rng, 3))


def test_searches_that_make_no_sense_are_refused(rng):
    database = FaceDatabase()
    with pytest.raises(DatabaseError, match="database is empty"):
        database.nearest(unit(rng, 1))
    database["ada"] = unit(rng, 1)
    with pytest.raises(DatabaseError, match="k is 0"):
        database.nearest(unit(rng, 1), k=0)
    with pytest.raises(DatabaseError, match="nearest_many takes several"):
        database.nearest(unit(rng, 2))
    with pytest.raises(DatabaseError, match="not finite"):
        database.nearest(np.full((1, 128), np.inf))
