"""How students' processes are made, how they end, and that nothing they do hurts anybody else."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from students import SMALL, SOON, STAND_IN, needs_isolation, run, small_zygote

from grading import ROOT, CourseError, forkserver, isolation, zygote
from grading.channel import ChannelError, Quota
from grading.zygote import Program, Zygote

HERE = Path(__file__).parent

BOTH = pytest.mark.parametrize(
    "trust", [pytest.param(False, marks=needs_isolation), True], ids=["isolated", "trusted"]
)


@pytest.fixture(scope="module")
def nursery():
    with small_zygote() as nursery:
        yield nursery


@pytest.fixture
def student(nursery):
    """A student; and whatever it does, another one must be well afterwards."""
    with nursery.fork() as student:
        yield student
    with nursery.fork() as another:
        assert run(another, "answer = 1 + 1") == 2


def limited(**limits):
    return small_zygote(replace(SMALL, **limits))


def send(student, source):
    student.channel.send({"run": source})


def open_files():
    return len([*Path("/proc/self/fd").iterdir()])


LARGE_PAGES = """
from grading.forkserver import use_large_pages
pattern = bytes(range(256))
blocks = [bytearray(pattern * 40_000) for _ in range(3)]
use_large_pages()
use_large_pages()
assert all(block == pattern * 40_000 for block in blocks)
blocks[1][:] = bytes(len(blocks[1]))
assert not any(blocks[1]) and blocks[0] == blocks[2] == pattern * 40_000
"""


def test_large_pages_hold_what_the_small_ones_held():
    subprocess.run([sys.executable, "-c", LARGE_PAGES], check=True, cwd=ROOT)


# Life


@BOTH
def test_a_student_answers_and_is_ended(trust):
    with small_zygote(trust=trust) as nursery:
        with nursery.fork() as student:
            assert run(student, "answer = [1.5, 'a', None]") == [1.5, "a", None]
        ending = student.wait()
        assert (ending.why, ending.code) == ("killed", -signal.SIGKILL)
        with pytest.raises(ChannelError):
            student.channel.receive(SOON)


@BOTH
def test_arrays_go_in_and_out(trust):
    sent = np.random.default_rng(1).random((100, 200, 64), np.float32)
    with small_zygote(trust=trust) as nursery, nursery.fork() as student:
        student.channel.send({"run": "send = [arrays[0] * 2]"}, [sent])
        _, (received,) = student.channel.receive(SOON)
    np.testing.assert_array_equal(received, sent * 2)


@BOTH
@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import os; os._exit(3)", 3),
        ("import os; os._exit(0)", 0),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("channel.close()", 1),
    ],
)
def test_an_end_of_its_own_is_told(trust, source, code):
    with small_zygote(trust=trust) as nursery, nursery.fork() as student:
        send(student, source)
        ending = student.wait()
        assert ending.code == code
        assert ending.why == ("signal" if code < 0 else "exit")
        assert student.wait() is ending


@needs_isolation
def test_abort_is_a_crash(student):
    send(student, "import os; os.abort()")
    assert student.wait().why == "signal"


@needs_isolation
def test_who_kills_what_has_crashed_already_is_not_what_ended_it(student):
    send(student, "import os; os.abort()")
    with pytest.raises(ChannelError):
        student.channel.receive(SOON)
    student.kill()
    assert student.wait().why == "signal"


@needs_isolation
def test_it_forks_again_and_again_and_leaves_nothing_behind(nursery):
    with nursery.fork() as student:
        run(student, "answer = 1")
    files, threads = open_files(), threading.active_count()
    for number in range(40):
        with nursery.fork() as student:
            assert run(student, f"import os; answer = [{number}, os.getpid()]") == [number, 1]
    assert open_files() == files
    assert threading.active_count() == threads


@needs_isolation
def test_several_at_once_do_not_meet(nursery):
    students = [nursery.fork() for _ in range(5)]
    for number, student in enumerate(students):
        send(student, f"open('/tmp/mine', 'x').write('{number}'); answer = {number}")
    for number, student in enumerate(students):
        assert student.channel.receive(SOON)[0]["answer"] == number
    students[2].kill()
    assert students[2].wait().why == "killed"
    for number in (0, 1, 3, 4):
        assert run(students[number], "answer = open('/tmp/mine').read()") == str(number)
    for student in students:
        student.kill()
        student.wait()
        student.channel.close()


@needs_isolation
def test_the_same_submission_meets_the_same_chance(nursery):
    source = "import numpy; answer = [list({'a', 'b', 'c', 'd'}), numpy.random.rand()]"
    with nursery.fork() as first, nursery.fork() as second:
        assert run(first, source)[0] == run(second, source)[0]


def test_it_is_started_by_the_first_fork_and_again_after_its_death():
    nursery = small_zygote(trust=True)
    try:
        for _ in range(3):
            with nursery.fork() as student:
                assert run(student, "answer = 7") == 7
            nursery._server._process.kill()
            nursery._server._process.wait()
    finally:
        nursery.close()


@BOTH
def test_students_of_a_dead_zygote_are_lost(trust):
    with small_zygote(trust=trust) as nursery:
        student = nursery.fork()
        assert run(student, "answer = 1") == 1
        nursery._server._kill()
        if not trust:  # nothing but the shell's end takes students with it
            with pytest.raises(ChannelError) as gone:
                student.channel.receive(SOON)
            assert gone.value.kind == "closed"
        else:
            send(student, "import os; os._exit(0)")
        assert student.wait().why == "lost"
        student.channel.close()
        with nursery.fork() as another:
            assert run(another, "answer = 2") == 2


def processes_below(pid):
    """Living processes that this one has started, and those they have started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return below - {pid}


JUDGE = """
import signal, sys, time
from students import small_zygote
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where tests run
nursery = small_zygote()
student = nursery.fork()
student.channel.send({"run": "while True: pass"})
print("ready", flush=True)
time.sleep(1000)
"""


@needs_isolation
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_judge_is_killed_nothing_stays_behind(end):
    judge = subprocess.Popen(
        [sys.executable, "-c", JUDGE],
        cwd=HERE,
        env=os.environ | {"PYTHONPATH": f"{HERE}:{HERE.parent.parent}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert judge.stdout.readline() == b"ready\n"
    below = processes_below(judge.pid)
    assert len(below) >= 3  # bubblewrap, the zygote, the student
    judge.send_signal(end)
    judge.wait(SOON)
    until = time.monotonic() + SOON
    while alive := [pid for pid in below if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < until, alive
        time.sleep(0.05)
    judge.stdout.close()


# Starting


def test_an_entry_that_is_missing_is_told():
    with (
        pytest.raises(CourseError, match=r"did not start: [\s\S]*No module named 'nowhere'"),
        small_zygote(trust=True, program=Program("nowhere:serve", ())),
    ):
        pass


@needs_isolation
def test_a_module_that_cannot_be_imported_inside_is_told():
    with (
        pytest.raises(CourseError, match=r"No module named 'pytest_of_nobody'"),
        small_zygote(program=Program("stand_in:serve", ("pytest_of_nobody",))),
    ):
        pass


def test_a_module_that_starts_threads_is_refused(tmp_path):
    threads = tmp_path / "threads.py"
    threads.write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()"
    )
    if not Path("/proc/self/task").exists():
        pytest.skip("threads are counted in /proc")
    with (
        pytest.raises(CourseError, match=r"importing threads started threads; a fork would hang"),
        small_zygote(trust=True, extra=[threads], program=Program("stand_in:serve", ("threads",))),
    ):
        pass


def test_missing_bubblewrap_is_told(monkeypatch):
    monkeypatch.setattr(isolation, "shell", lambda *_, **__: ["/nowhere/bwrap"])
    with pytest.raises(CourseError, match="/nowhere/bwrap is missing"), small_zygote():
        pass


def test_a_shell_that_fails_is_told(monkeypatch):
    failing = ["sh", "-c", "echo bwrap: setting up uid map: Permission denied >&2; exit 1"]
    monkeypatch.setattr(isolation, "shell", lambda *_, **__: failing)
    with pytest.raises(CourseError, match="setting up uid map"), small_zygote():
        pass


def test_a_zygote_that_never_gets_warm_is_given_up(monkeypatch):
    monkeypatch.setattr(isolation, "shell", lambda *_, **__: ["sleep", "1000"])
    monkeypatch.setattr(zygote, "START_SECONDS", 0.2)
    with pytest.raises(CourseError, match="did not start"), small_zygote():
        pass


@needs_isolation
def test_a_student_that_cannot_be_shut_in_is_not_started():
    sentence = r"could not be isolated: [\s\S]*OSError"
    with limited(files=-1) as nursery, pytest.raises(CourseError, match=sentence):
        nursery.fork()


def test_a_secret_that_can_be_seen_stops_everything(tmp_path):
    secrets = [tmp_path, tmp_path / "missing"]
    forkserver.check_secrets(secrets)
    (tmp_path / "test_art_generation.py").write_text("the right answers")
    with pytest.raises(SystemExit, match="can be seen from inside the shell"):
        forkserver.check_secrets(secrets)


# Limits


@needs_isolation
@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "sum(range(10**12))",
        "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, lambda *_: None)\n"
        "    except (OSError, ValueError): pass\nwhile True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "import threading\nfor _ in range(4):\n"
        "    threading.Thread(target=sum, args=(range(10**12),)).start()",
        "import sys\ndef trace(*_): return trace\nsys.settrace(trace)\nwhile True: pass",
    ],
)
def test_processor_time_has_a_limit(source):
    with limited(cpu_seconds=1) as nursery, nursery.fork() as student:
        send(student, source)
        ending = student.wait()
        assert ending.why == "cpu"
        assert ending.cpu_seconds < 5


@needs_isolation
@pytest.mark.parametrize(
    "source",
    [
        "import time; time.sleep(1000)",
        "import threading; threading.Event().wait()",
        "import threading, time\n"
        "for _ in range(5): threading.Thread(target=time.sleep, args=(1000,)).start()\n"
        "time.sleep(1000)",
        "input(); import signal; signal.pause()",
        "channel.receive()",
    ],
)
def test_wall_time_has_a_limit(source):
    with limited(wall_seconds=1) as nursery, nursery.fork() as student:
        send(student, source)
        ending = student.wait()
        assert ending.why == "wall"
        assert ending.cpu_seconds < SMALL.cpu_seconds


@BOTH
def test_wall_time_of_a_trusted_one_is_limited_too(trust):
    limits = replace(SMALL, wall_seconds=1)
    with small_zygote(limits, trust=trust) as nursery, nursery.fork() as student:
        send(student, "import time; time.sleep(1000)")
        assert student.wait().why == "wall"


@BOTH
@pytest.mark.parametrize(
    "source",
    [
        "import numpy; numpy.ones(100 * 2**30, numpy.uint8)",
        "bytearray(100 * 2**30)",
        "x = []\nwhile True: x.append(bytearray(10 * 2**20))",
        "x = 'a'\nwhile True: x += x",
        "x = []\nwhile True: x.append(x[:])",
    ],
)
def test_memory_has_a_limit(trust, source):
    with small_zygote(trust=trust) as nursery, nursery.fork() as student:
        assert run(student, "x = None\n" + source).startswith("MemoryError")
        assert run(student, "answer = 'well'") == "well"
        student.kill()
        assert student.wait().peak_bytes < SMALL.memory_bytes + (200 << 20)


@needs_isolation
@pytest.mark.parametrize(
    "source",
    [
        "import mmap; mmap.mmap(-1, 100 * 2**30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
        "import mmap; mmap.mmap(-1, 2**30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
        "open('/tmp/big', 'wb').write(bytes(200 * 2**20))",
        "open('/tmp/big', 'wb').truncate(2**40)",
        "import os; f = os.open('/tmp', os.O_TMPFILE | os.O_RDWR); os.write(f, bytes(10**7)); "
        "os.write(f, bytes(10**7))",
        "for n in range(10000): open(f'/tmp/{n}', 'w')",
        "import os\nfor n in range(10000): os.mkdir(f'/tmp/{n}')",
        "import os\nfor n in range(10000): os.symlink('x', f'/tmp/{n}')",
        "f = [open('/dev/null') for _ in range(1000)]",
        "import os\nf = [os.pipe() for _ in range(1000)]",
        "import os\nd = '/tmp'\nwhile True:\n    d += '/d' * 50; os.makedirs(d)",
    ],
)
def test_floods_end_at_their_limits(student, source):
    assert run(student, source).startswith("OSError")
    source = "import os; s = os.statvfs('/tmp'); answer = s.f_files - s.f_ffree"
    assert 0 < run(student, source) <= SMALL.files


@needs_isolation
def test_one_student_s_full_disk_is_not_the_next_one_s(nursery):
    fill = "open('/tmp/big', 'wb', 0).write(bytes(5 * 2**20)); answer = 1"
    with nursery.fork() as first, nursery.fork() as second:
        run(first, fill)
        assert run(second, "answer = open('/tmp/x', 'wb', 0).write(bytes(3 * 2**20))") == 3 * 2**20


@needs_isolation
def test_threads_have_a_limit(student):
    source = """
import threading, time
answer = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        answer += 1
except (RuntimeError, MemoryError):
    pass
"""
    assert 4 <= run(student, source) < SMALL.threads
    send(student, "import os; os._exit(0)")
    assert student.wait().code == 0


@needs_isolation
def test_threads_that_outlive_the_call_die_with_the_student(student):
    source = """
import threading
def go_on():
    while True:
        try:
            while True: pass
        except BaseException: pass
for _ in range(3): threading.Thread(target=go_on, daemon=True).start()
answer = 'done'
"""
    assert run(student, source) == "done"
    student.kill()
    assert student.wait().why == "killed"


@needs_isolation
def test_a_fork_bomb_does_not_go_off(student):
    source = """
import os
answer = 0
for _ in range(1000):
    try:
        os.fork()
    except PermissionError:
        answer += 1
"""
    assert run(student, source) == 1000


# What is printed


@BOTH
def test_the_beginning_is_kept_and_the_rest_is_counted(trust):
    with small_zygote(trust=trust) as nursery, nursery.fork() as student:
        assert run(student, "print('x' * 10**7); print('end'); answer = 1") == 1
        student.kill()
        ending = student.wait()
        assert ending.printed == b"x" * SMALL.output_bytes
        assert ending.dropped == 10**7 + 1 + 4 - SMALL.output_bytes


@needs_isolation
def test_all_ways_to_print_are_heard(student):
    source = """
import ctypes, os, sys
print("one"); print("two", file=sys.stderr); os.write(1, b"three"); os.write(2, b"four")
ctypes.CDLL(None).puts(b"five"); ctypes.CDLL(None).fflush(None)
os._exit(0)
"""
    send(student, source)
    assert student.wait().printed == b"one\ntwo\nthreefourfive\n"


@needs_isolation
def test_what_is_printed_can_be_read_meanwhile(student):
    assert run(student, "print('early'); answer = 1") == 1
    until = time.monotonic() + SOON
    while student.printed() != (b"early\n", 0):
        assert time.monotonic() < until
        time.sleep(0.01)


@needs_isolation
@pytest.mark.parametrize(
    "source",
    [
        "while True: print('x' * 10**6)",
        "import os\nwhile True: os.write(2, bytes(10**5))",
        "while True: print()",
        "import sys\nwhile True:\n    try: sys.stderr.buffer.write(b'y\\n' * 10**4)\n"
        "    except BaseException: pass",
    ],
)
def test_printing_without_end_is_ended(source):
    with limited(cpu_seconds=2, wall_seconds=5) as nursery, nursery.fork() as student:
        send(student, source)
        ending = student.wait()
    assert ending.why in {"output", "cpu", "wall"}  # empty lines are slow
    assert len(ending.printed) == SMALL.output_bytes
    assert ending.dropped > 0


@needs_isolation
def test_closing_its_output_harms_nobody(student):
    assert run(student, "import os; os.close(1); os.close(2); answer = 1") == 1
    assert run(student, "answer = 2") == 2


# Attacks on the judge, the zygote and neighbours


@needs_isolation
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGSEGV]
)
@pytest.mark.parametrize(
    "target",
    [
        *("os.kill(os.getppid(), {})", "os.kill(0, {})", "os.kill(-1, {})"),
        *("os.killpg(os.getpgid(0), {})", "os.killpg(0, {})", "os.kill(os.getsid(0) or 1, {})"),
        "[os.kill(n, {}) for n in range(1, 500)]",
    ],
)
def test_signals_reach_nobody_else(nursery, number, target):
    with nursery.fork() as neighbour, nursery.fork() as student:
        before = nursery._server
        send(student, f"import os\n{target.format(int(number))}\nanswer = 1")
        assert run(neighbour, "answer = 'well'") == "well"
        with nursery.fork() as another:
            assert run(another, "answer = 'well'") == "well"
        assert nursery._server is before
        assert before._process.poll() is None


@needs_isolation
@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("import os; os.write(3, b'forged!!'); os._exit(0)", "malformed"),
        ("import os; os.write(3, os.urandom(10**5)); os._exit(0)", "malformed"),
        ("import os; os.write(3, b'SFC1' + b'\\xff' * 4); os._exit(0)", "too large"),
        ("import os; os.write(3, b'SFC1\\x10'); os._exit(0)", "closed"),
        ("import os; os.write(3, b'SFC1'); import time; time.sleep(100)", "late"),
        ("import os; os.close(3); import time; time.sleep(100)", "closed"),
        ("channel._quota = None; channel._sock.sendall(b'!' * 100)", "malformed"),
        ("import os\nwhile True: os.write(3, b'')", "late"),
    ],
)
def test_forgery_on_the_channel_is_an_error_of_the_channel(student, source, kind):
    send(student, source)
    with pytest.raises(ChannelError) as refusal:
        student.channel.receive(0.5 if kind == "late" else SOON)
    assert refusal.value.kind == kind


@needs_isolation
def test_messages_by_the_thousand_are_too_many():
    with small_zygote(quota=Quota(messages=200)) as nursery, nursery.fork() as student:
        send(student, "while True: channel.send({'answer': 'forged'})")
        for _ in range(200):
            assert student.channel.receive(SOON)[0] == {"answer": "forged"}
        with pytest.raises(ChannelError) as refusal:
            student.channel.receive(SOON)
        assert refusal.value.kind == "too many"


@needs_isolation
def test_files_sent_to_the_judge_are_not_taken(student):
    before = open_files()
    source = """
import os, socket
ends = socket.socket(fileno=os.dup(3))
f = os.open("/dev/null", os.O_RDONLY)
for _ in range(20):
    try:
        socket.send_fds(ends, [b""], [f] * 30)
    except OSError:
        pass
answer = 'sent'
"""
    # An empty part sends nothing on a stream; so send one byte, which is then no frame.
    assert run(student, source) == "sent"
    send(student, source.replace('[b""]', '[b"!"]'))
    with pytest.raises(ChannelError):
        student.channel.receive(SOON)
    student.channel.close()
    assert open_files() <= before


@needs_isolation
def test_a_student_cannot_pretend_to_be_the_zygote(student):
    source = """
import json, os
for n in range(100):
    if n != 3:
        try:
            os.write(n, json.dumps({"do": "fork", "id": 1}).encode() + b"\\n")
        except OSError:
            pass
answer = 'tried'
"""
    assert run(student, source) == "tried"


# With TensorFlow

WORK = """
import numpy as np
import tensorflow as tf
from nst_utils import *

x = tf.Variable(arrays[0])
w = tf.constant(arrays[1])
with tf.GradientTape() as tape:
    cost = tf.reduce_sum(tf.nn.conv2d(x, w, 1, "SAME") ** 2)
gradient = tape.gradient(cost, x)

@tf.function
def in_a_graph(value):
    for _ in tf.range(3):
        if tf.reduce_sum(value) > 0:
            value = value / 2
    return value

@tf.function(jit_compile=True)
def compiled(value):
    return tf.nn.relu(value) * 3

layer = tf.keras.layers.Dense(4)
layer(tf.reshape(x, (1, -1)))
optimizer = tf.keras.optimizers.Adam(0.1)
optimizer.apply_gradients([(gradient, x)])
send = [gradient.numpy(), in_a_graph(w).numpy(), compiled(w).numpy(), x.numpy()]
answer = [cost.numpy().item(), read_image(CONFIG.CONTENT_IMAGE).shape[-1]]
"""


@needs_isolation
def test_tensorflow_works_in_each_fork():
    program = Program("stand_in:serve")
    random = np.random.default_rng(3)
    arrays = [random.random((1, 20, 30, 3), np.float32), random.random((3, 3, 3, 5), np.float32)]
    with Zygote(program=program, view=isolation.View(extra=(STAND_IN,))) as nursery:
        answers = []
        for _ in range(3):
            with nursery.fork() as student:
                student.channel.send({"run": WORK}, arrays)
                message, received = student.channel.receive(120)
                assert "error" not in message, message
                answers.append((message["answer"], [a.tobytes() for a in received]))
            assert student.wait().printed == b""
        assert answers[0] == answers[1] == answers[2]
        np.testing.assert_allclose(received[1], arrays[1] / 8, rtol=1e-6)
        np.testing.assert_allclose(received[2], arrays[1] * 3, rtol=1e-6)


def test_sockets_of_the_judge_stay_with_the_judge():
    """What a zygote is started with is its control, its errors and nothing else."""
    ours, theirs = socket.socketpair()
    os.set_inheritable(theirs.fileno(), True)
    with small_zygote(trust=True) as nursery, nursery.fork() as student:
        theirs.close()
        ours.settimeout(SOON)
        assert ours.recv(1) == b""  # nobody else holds the other end
        assert run(student, "answer = 1") == 1
    ours.close()
