"""Marks across the split: right answers, wrong ones, and students who try to be marked better."""

import socket
import threading
from textwrap import dedent

import numpy as np
import pytest
from small_course import write_lesson
from split import HASTY, PATIENT, Lab, lost, told

from grading import CourseError
from grading.answer_key import read_answers
from grading.channel import Channel, Quota
from grading.judge import Times, judge
from grading.zygote import Program, Zygote

LABS = {
    name: Lab(name)
    for name in ("art_generation", "face_recognition", "latent_space", "style_in_practice")
}
VARIANTS = [(name, item) for name, lab in LABS.items() for item in lab.variants]


def named(value):
    return value if isinstance(value, str) else f"{value.exercise}: {value.name}"


@pytest.fixture(scope="module")
def zygote():
    """Without isolation: what is tested here are the marks, not the walls."""
    with Zygote(trust=True) as zygote:
        yield zygote


@pytest.fixture(scope="module")
def light():
    """The same for notebooks without TensorFlow, quickly started."""
    with Zygote(trust=True, program=Program(warm=("grading.student",))) as zygote:
        yield zygote


# The two notebooks


@pytest.mark.parametrize("name", LABS)
def test_the_solution_gets_all_points(zygote, name):
    verdict = judge(LABS[name].cells(), LABS[name].lesson, zygote.fork, PATIENT)
    assert (verdict.points, verdict.max_points) == (100, 100)
    assert verdict.starts == 1
    assert verdict.problems == ()
    assert told(verdict).strip() == ""
    assert all(test.hidden for e in verdict.exercises for test in e.tests[-2:])
    assert all(e.seconds > 0 for e in verdict.exercises)


@pytest.mark.parametrize("name", LABS)
def test_a_blank_notebook_gets_none(zygote, name):
    lab = LABS[name]
    blank = {m.exercise: m.source for m in lab.mutants if m.name == "untouched starter"}
    cells = [(f"<cell {n}>", text) for n, text in enumerate(blank.values())]
    verdict = judge(cells, lab.lesson, zygote.fork, PATIENT)
    assert verdict.points == 0
    assert verdict.starts == 1
    for exercise in verdict.exercises:
        assert {test.message for test in exercise.tests} == {f"{exercise.name}: write the body"}
        assert (exercise.status, exercise.calls, exercise.mistake) == ("missing", (), None)


@pytest.mark.parametrize("name", LABS)
def test_nothing_gets_none(zygote, name):
    verdict = judge([], LABS[name].lesson, zygote.fork, PATIENT)
    assert verdict.points == 0
    assert {exercise.status for exercise in verdict.exercises} == {"missing"}
    assert "is not defined: no cell defines it" in told(verdict)


@pytest.mark.parametrize(("name", "variant"), VARIANTS, ids=named)
def test_an_unusual_right_answer_loses_nothing(zygote, name, variant):
    lab = LABS[name]
    cells = lab.cells(variant.source, variant.exercise)
    verdict = judge(cells, lab.lesson, zygote.fork, PATIENT)
    assert lost(verdict) == []
    assert verdict.notes == ()


@pytest.mark.parametrize("variant", ["tf.function inside", "@tf.function", "zip"])
def test_a_right_step_over_wrong_costs_keeps_its_points(zygote, variant):
    """It calls the judge's costs, from a graph too."""
    lab = LABS["art_generation"]
    wrong = {m.exercise: m.source for m in lab.mutants if m.name == "returns None"}
    found = {v.name: v.source for v in lab.variants if v.exercise == "train_step"}
    right = found[variant]
    wrong["train_step"] = right
    given = [("<cell 0>", "import tensorflow as tf\nSTYLE_LAYERS = []\nCONTENT_LAYER = ''\n")]
    cells = [(f"<cell {n}>", text) for n, text in enumerate(wrong.values(), start=1)]
    verdict = judge(given + cells, lab.lesson, zygote.fork, PATIENT)
    assert lost(verdict) == [*wrong][:-1]


def test_a_hidden_test_tells_the_student_nothing(zygote):
    lab = LABS["art_generation"]
    (hard_coded,) = [m for m in lab.mutants if m.name == "other defaults"]
    source = hard_coded.source.replace("return", "print(J_content, beta)\n    return")
    source = source.replace("alpha=1, beta=1e5", "alpha=10, beta=40").replace(
        "alpha * J_content", "min(alpha, 2 * beta) * J_content"
    )
    verdict = judge(lab.cells(source, "total_cost"), lab.lesson, zygote.fork, PATIENT)
    (exercise,) = [e for e in verdict.exercises if e.name == "total_cost"]
    failed = [test for test in exercise.tests if not test.passed]
    assert [test.hidden for test in failed] == [True]
    assert "0.75" in failed[0].for_instructor
    assert "25.0" in failed[0].for_instructor
    assert "7.5" not in told(verdict)
    assert "0.75" not in exercise.printed
    assert "3.0 40" in exercise.printed


def test_a_student_cannot_tell_later_what_a_hidden_test_gave(course, light):
    spy = """
        seen = []

        def double(x):
            seen.append(x.tolist())
            return 2 * x

        def total(x):
            print("spied", seen)
            if len(seen) > 1:
                raise type(f"S{seen[-1][-1]:.0f}", (Exception,), {})(f"spied {seen}")
            return 7 if len(x) == 3 else seen[99]
        """
    verdict = graded(course, light, spy)
    assert lost(verdict) == ["total"]
    assert "spied [[1.0, 2.0, 4.0]]" in verdict.exercises[1].printed
    assert "7.0" not in told(verdict)
    assert "S7" not in told(verdict)
    assert "spied" in verdict.exercises[1].tests[1].for_instructor


def test_a_student_cannot_tell_by_forging_what_a_hidden_test_gave(course, light):
    spy = """
        import gc

        def double(x):
            if len(x) == 3:
                return 2 * x
            for thing in gc.get_objects():
                if type(thing).__name__ == "Channel":
                    thing.send({"do": "return", "id": 1, "value": [f"it is {x[1]}"]})
            return 0

        def total(x):
            return x.sum()
        """
    verdict = graded(course, light, spy)
    assert lost(verdict) == ["double"]
    assert verdict.exercises[0].tests[1].message == "double sent the grader what it must not."
    assert "it is" not in told(verdict)


# The rest of the notebook cannot hurt an exercise: the small course


@pytest.fixture
def course(tmp_path):
    return write_lesson(tmp_path)


GOOD = {
    "double": "def double(x):\n    return 2 * x\n",
    "total": "def total(x):\n    return x.sum()\n",
}


def graded(course, zygote, *sources, times=HASTY):
    cells = [(f"<cell {number}>", dedent(text)) for number, text in enumerate(sources, start=1)]
    return judge(cells, course, zygote.fork, times)


ENDINGS = {
    "exit": "raise SystemExit",
    "os._exit": "import os; os._exit(0)",
    "kill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "abort": "import os; os.abort()",
    "loop": "while True: pass",
    "stubborn loop": "while True:\n        try:\n            while True: pass\n"
    "        except BaseException: pass",
    "sleep": "import time; time.sleep(10**6)",
    "close": "import os; os.closerange(3, 100)",
    "recursion": "return double(x)",
    "signal handler": "import signal\n    for s in range(1, 30):\n        try: signal.signal(s, "
    "signal.SIG_IGN)\n        except OSError: pass\n    while True: pass",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_call_that_does_not_come_back_costs_its_exercise(course, light, ending):
    bad = f"def double(x):\n    {ending}\n"
    verdict = graded(course, light, "import numpy as np", bad, GOOD["total"])
    assert lost(verdict) == ["double"]
    assert verdict.points == 4
    assert "double" in verdict.exercises[0].tests[0].message


@pytest.mark.parametrize(
    "cell",
    [
        "class Trap:\n    while True: pass",
        "class Trap:\n    import os\n    os._exit(1)",
        "class Trap:\n    raise SystemExit",
        "class Trap:\n    raise KeyboardInterrupt",
        "class Trap:\n    raise BaseException",
        "import no_such_module",
        "def broken(:",
        "x = " + "(" * 5000,
        "\x00",
        "%%bash\nrm -rf .",
        "def f():\n" + "    " * 200 + "pass",
        "@(lambda f: 1 / 0)\ndef g(): pass",
    ],
)
def test_a_cell_that_goes_wrong_costs_no_other(course, light, cell):
    verdict = graded(course, light, cell, *GOOD.values())
    assert lost(verdict) == []


def test_a_cell_that_goes_wrong_is_named(course, light):
    verdict = graded(course, light, "class A:\n    while True: pass", "def f(:", *GOOD.values())
    first, second = verdict.problems
    assert (first.cell, first.sentence) == ("<cell 1>", "did not come to an end in time")
    assert second.cell == "<cell 2>"
    assert second.sentence.startswith("SyntaxError")
    assert verdict.starts == 2


def test_a_syntax_error_is_the_reason_why_an_exercise_is_missing(course, light):
    verdict = graded(course, light, "def double(x:\n    return 2 * x", GOOD["total"])
    assert lost(verdict) == ["double"]
    assert "double is not defined: <cell 1>: SyntaxError" in told(verdict)


def test_every_copy_of_a_cell_is_run_in_order(course, light):
    wrong = "def double(x):\n    return x\n"
    assert lost(graded(course, light, wrong, GOOD["double"], GOOD["total"])) == []
    assert lost(graded(course, light, GOOD["double"], wrong, GOOD["total"])) == ["double"]


def test_cells_with_the_same_name_are_refused(course, light):
    with pytest.raises(ValueError, match="same name"):
        judge([("<cell>", ""), ("<cell>", "")], course, light.fork)


SABOTAGE = """
import numpy as np

def double(x):
    np.ndarray = None
    np.array = np.ones = np.sum = None
    import builtins
    builtins.len = builtins.isinstance = None
    return 2 * x
"""


def test_an_exercise_that_breaks_the_process_does_not_hurt_the_next(course, light):
    uses_numpy = "def total(x):\n    import numpy\n    return numpy.sum(x)\n"
    verdict = graded(course, light, SABOTAGE, uses_numpy)
    assert not lost(verdict) or lost(verdict) == ["double"]
    assert verdict.exercises[1].points


def test_a_thread_that_ends_the_process_later_costs_its_exercise_at_most(course, light):
    later = """
    import os, threading, time

    def double(x):
        threading.Thread(target=lambda: (time.sleep(0.05), os._exit(0))).start()
        time.sleep(0.2) if len(x) == 2 else None
        return 2 * x
    """
    verdict = graded(course, light, later, GOOD["total"])
    assert verdict.exercises[1].points
    assert not verdict.exercises[0].points


def test_an_exercise_over_a_hanging_one_is_judged_without_it(course, light):
    hangs = "def double(x):\n    while True: pass\n"
    careful = """
    def total(x):
        try:
            return double(x).sum() / 2
        except NameError:
            return x.sum()
    """
    verdict = graded(course, light, hangs, careful)
    assert lost(verdict) == ["double"]
    assert verdict.starts == 3  # with all cells, without the one that hangs, and with it alone


def test_each_way_to_fail_has_its_name(course, light):
    for source, status in {
        "def double(x):\n    return x\n": "failed",
        "def double(x):\n    return x.no_such\n": "failed",
        "def double(x:\n    return 2 * x\n": "missing",
        "def double(x):\n    raise NotImplementedError('double: write the body')\n": "missing",
        "def double(x):\n    import os; os._exit(0)\n": "stopped",
        "def double(x):\n    if len(x) == 2: import os; os._exit(0)\n    return x\n": "stopped",
        "class A:\n    import os; os._exit(0)\n\ndef double(x):\n    return 2 * x\n": "missing",
    }.items():
        verdict = graded(course, light, source, GOOD["total"])
        assert [exercise.status for exercise in verdict.exercises] == [status, "passed"], source


def test_an_exercise_that_others_disturb_is_judged_without_them(course, light):
    mine = "def factor():\n    return 2\n\ndef double(x):\n    return factor() * x\n"
    other = "def factor():\n    return 3\n\ndef total(x):\n    return x.sum()\n"
    verdict = graded(course, light, mine, other)
    assert lost(verdict) == []
    assert verdict.notes == (
        "double was judged without the cells of other exercises, which disturb it.",
    )
    assert verdict.exercises[0].calls == ()


def test_endless_ends_end(course, light):
    cells = [f"class A{n}:\n    import os\n    os._exit(0)" for n in range(100)]
    verdict = graded(course, light, *cells, *GOOD.values())
    assert verdict.points == 0
    assert verdict.starts == 8 + 3 * 2
    assert "was not called" in told(verdict)
    assert {exercise.status for exercise in verdict.exercises} == {"stopped"}


def test_the_time_of_a_submission_is_bounded(course, light):
    cells = [f"class A{n}:\n    while True: pass" for n in range(20)]
    times = Times(call=0.5, cells=0.5, exercise=0.5, submission=1.5)
    verdict = graded(course, light, *cells, *GOOD.values(), times=times)
    assert verdict.points == 0
    assert verdict.starts <= 5


def test_what_is_printed_is_kept_within_bounds(course, light):
    loud = "def double(x):\n    print('hello', x)\n    print('y' * 10**7)\n    return 2 * x\n"
    verdict = graded(course, light, loud, GOOD["total"])
    printed = verdict.exercises[0].printed
    assert lost(verdict) == []
    assert printed.startswith("hello [1. 2. 4.]")
    assert len(printed) < 10_000
    assert len(printed) + verdict.exercises[0].printed_more == 10**7 + len("hello [1. 2. 4.]\n\n")
    assert "5. 7." not in printed


def test_where_an_error_arose_is_told(course, light):
    bad = "def helper(x):\n    return x.no_such\n\ndef double(x):\n    return helper(x)\n"
    verdict = graded(course, light, "import math", bad, GOOD["total"])
    assert verdict.exercises[0].tests[0].where.splitlines() == [
        "<cell 2>, line 5: return helper(x)",
        "<cell 2>, line 2: return x.no_such",
    ]
    assert verdict.exercises[0].tests[1].where == ""


def test_a_deep_recursion_has_a_short_trace(course, light):
    verdict = graded(course, light, "def double(x):\n    return double(x)\n", GOOD["total"])
    first = verdict.exercises[0].tests[0]
    assert "RecursionError" in first.message
    assert len(first.where.splitlines()) <= 4


# Students who try to be marked better


CHEATS = {
    "compares equal to anything": """
        class Yes(float):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __sub__(self, other): return 0.0
            __rsub__ = __sub__
            __hash__ = None
        def double(x): return Yes(1)
        def total(x): return Yes(1)
        """,
    "an object that is equal": """
        class Yes:
            __class__ = float
            shape = ()
            def __eq__(self, other): return True
            def __float__(self): return 7.0
            def __getitem__(self, i): return self
        def double(x): return Yes()
        def total(x): return Yes()
        """,
    "an array with its own equality": """
        import numpy as np
        class Yes(np.ndarray):
            def __eq__(self, other): return np.True_
            def __array_ufunc__(self, *args, **kwargs): return np.True_
            def __array_function__(self, *args, **kwargs): return True
        def double(x): return np.zeros(3).view(Yes)
        def total(x): return np.zeros(()).view(Yes)
        """,
    "patches NumPy's tests": """
        import numpy as np, numpy.testing, math
        class Patch:
            np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
            np.allclose = np.array_equal = math.isclose = lambda *a, **k: True
        def double(x): return x
        def total(x): return 0
        """,
    "patches builtins and json": """
        import builtins, json
        class Patch:
            builtins.AssertionError = ValueError
            json.dumps = lambda *a, **k: '{"message": {"do": "return"}, "arrays": []}'
        def double(x): return x
        def total(x): return 0
        """,
    "patches the grader": """
        import sys
        class Patch:
            for name in list(sys.modules):
                if name.startswith("grading"):
                    for key, value in list(vars(sys.modules[name]).items()):
                        if callable(value) and key.startswith("assert"):
                            setattr(sys.modules[name], key, lambda *a, **k: None)
        def double(x): return x
        def total(x): return 0
        """,
    "looks for the tests": """
        import gc, sys, inspect
        def double(x):
            for thing in gc.get_objects():
                if type(thing) is dict and "test_double_of_a_sample" in thing:
                    return [2, 4, 8]
            for info in inspect.stack():
                if "test" in str(info.code_context):
                    return [2, 4, 8]
            return [m for m in sys.modules if "answers" in m]
        def total(x): return 0
        """,
    "leaves by an error of the judge's own": """
        def double(x): raise AssertionError
        def total(x):
            class PeerLostError(BaseException): pass
            raise PeerLostError
        """,
    "defers": """
        class Later:
            def __array__(self, *a, **k): raise SystemError
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
        def double(x): return Later()
        def total(x): return Later()
        """,
    "replaces its process by one that answers everything": """
        import os, sys, gc
        def double(x):
            from grading.channel import Channel
            for thing in gc.get_objects():
                if type(thing) is Channel:
                    for n in range(1, 5000):
                        thing.send({"do": "return", "id": n, "value": None, "tensors": 0})
            os._exit(0)
        def total(x): return 0
        """,
}


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_a_cheat_gains_nothing(course, light, cheat):
    verdict = graded(course, light, *[dedent(cheat)])
    assert verdict.points == 0


def test_a_stand_in_is_no_answer(zygote):
    """What is lent to a later exercise cannot answer an earlier one, nor itself."""
    lab = LABS["art_generation"]
    greedy = """
        import sys

        def steal(name, *args):
            found = globals().get(name)
            mine = getattr(found, "__module__", "") == __name__
            return None if mine or found is None else found(*args)

        def compute_content_cost(a_C, a_G): return steal("compute_content_cost", a_C, a_G)
        def gram_matrix(A): return kept[0](A) if kept else steal("gram_matrix", A)
        kept = []
        def compute_layer_style_cost(a_S, a_G):
            if getattr(gram_matrix, "__module__", "") != __name__:
                kept.append(gram_matrix)
            return steal("compute_layer_style_cost", a_S, a_G)
        def compute_style_cost(a_S, a_G, STYLE_LAYERS):
            return steal("compute_style_cost", a_S, a_G, STYLE_LAYERS)
        def total_cost(J_content, J_style, alpha=10, beta=40):
            return kept[0](J_content) if kept else steal("total_cost", J_content, J_style)
        """
    verdict = judge([("<cell 1>", dedent(greedy))], lab.lesson, zygote.fork, PATIENT)
    assert verdict.points == 0


def test_the_students_text_holds_no_answer():
    for lab in LABS.values():
        key = read_answers(lab.lesson)
        hidden = {test.name for test in key.tests if test.hidden}
        assert hidden
        assert "reference_" not in key.public.replace("``reference_*``", "")
        assert "REFERENCE_" not in key.public
        assert not any(name in key.public for name in hidden)
        assert "def test_" not in key.public


@pytest.mark.parametrize("needed", ["reference_sum", "REFERENCE_SUM"])
@pytest.mark.parametrize("user", ["inside_sum", "test_total_of_a_sample"])
def test_what_a_student_could_read_may_not_need_an_answer(tmp_path, needed, user):
    defined = "REFERENCE_SUM = 6\n\n\ndef reference_sum():\n    return 6\n\n\n"
    inside = f"def inside_sum(total):\n    return {needed}\n\n\n"
    visible = "def test_total_of_a_sample(total):"
    if user == "inside_sum":
        new = defined + inside + visible
    else:
        new = defined + f"{visible}\n    {needed}"
    lesson = write_lesson(tmp_path, in_tests=(visible, new))
    with pytest.raises(CourseError, match=f"{needed} holds right answers"):
        read_answers(lesson)


def test_an_inside_helper_runs_in_the_students_process(tmp_path, light):
    visible = "def test_total_of_a_sample(total):\n"
    inside = (
        "def inside_pid(total, x):\n    import os\n    return os.getpid(), total(x)\n\n\n"
        f"import os\n\n\n{visible}"
        "    there, got = inside_pid(total, sample())\n"
        "    assert there != os.getpid()\n"
        "    assert got == 7\n"
    )
    lesson = write_lesson(tmp_path, in_tests=(visible, inside))
    assert lost(graded(lesson, light, *GOOD.values())) == []


def test_the_key_is_read_anew_when_a_file_changes(course, light):
    assert graded(course, light, *GOOD.values()).points == 7
    assert read_answers(course) is read_answers(course)
    text = course.tests.read_text().replace("[2, 4, 8]", "[3, 6, 12]")
    course.tests.write_text(text)
    assert lost(graded(course, light, *GOOD.values())) == ["double"]


# Forged answers


class Forged:
    """A process that is nothing but answers."""

    def __init__(self, answer):
        ours, theirs = socket.socketpair()
        self.channel = Channel(ours, Quota(array_bytes=1 << 20))
        self.theirs = Channel(theirs, Quota())
        self.answer = answer
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                message, _ = self.theirs.receive()
                target = message["target"][-1]
                if target in ("learn", "run"):
                    self.send(message, {"value": ["list", []]})
                elif target == "defined":
                    self.send(message, {"value": ["list", ["double", "total", 5, None]]})
                else:
                    self.send(message, *self.answer)
        except BaseException:  # the judge has hung up
            self.theirs.close()

    def send(self, message, made, arrays=()):
        self.theirs.send({"do": "return", "id": message["id"], **made}, arrays)

    def kill(self):
        self.channel.close()

    def wait(self):
        return None


FORGED = {
    "nothing": ({},),
    "a result that is none": ({"value": ["no", "such"]},),
    "another number": ({"id": 10**9, "value": None},),
    "a request": ({"do": "call", "target": ["desk", "learn"], "value": None},),
    "an error without words": ({"do": "raise"},),
    "an assertion error": ({"do": "raise", "error": "AssertionError", "message": ""},),
    "skip": ({"do": "raise", "error": "Skipped", "message": "this test is skipped"},),
    "exit": ({"do": "raise", "error": "SystemExit", "message": "0"},),
    "the wrong shape": ({"value": ["array", 0]}, [np.zeros((3, 1))]),
    "NaN": ({"value": ["array", 0]}, [np.full(3, np.nan)]),
    "nothing in it": ({"value": ["array", 0]}, [np.zeros((0, 3))]),
    "huge": ({"value": ["array", 0]}, [np.zeros(1 << 18)]),
    "booleans": ({"value": ["array", 0]}, [np.ones(3, bool)]),
    "complex": ({"value": ["array", 0]}, [np.full(3, 1j)]),
    "text": ({"value": "[2, 4, 8]"},),
    "deep": ({"value": ["list", [["list", [["list", []]]]]]},),
}


@pytest.mark.parametrize("answer", FORGED.values(), ids=FORGED)
def test_a_forged_answer_gains_nothing(course, answer):
    verdict = judge([("<cell 1>", GOOD["double"])], course, lambda: Forged(answer), HASTY)
    assert verdict.points == 0
    assert len(told(verdict)) < 50_000
