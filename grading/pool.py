"""Submissions on all cores or on many machines: Dask's workers, and a window of work under way."""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import dask
from dask.system import CPU_COUNT
from distributed import Client, Future, LocalCluster, Security, as_completed
from distributed.scheduler import KilledWorker
from distributed.utils import get_mp_context

from grading import CourseError
from grading.results import Result
from grading.worker import Job, judged, worker_environment

ENOUGH = 8  # submissions for which another worker, which imports TensorFlow, is worth its start
AHEAD = 2  # jobs a worker that are sent before they are needed
SLOTS_A_CORE = 2  # a student's process that sleeps takes a slot and no core
PATIENCE = 60.0  # seconds to wait for a scheduler or for its first worker

SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1 GiB",  # a job holds a whole notebook
    "distributed.admin.low-level-log-length": 10,  # each entry may hold a job
    "distributed.scheduler.allowed-failures": 3,
    "distributed.comm.timeouts.connect": f"{PATIENCE:g}s",
    "distributed.scheduler.http.routes": [],  # other users of the machine could look at them
    "distributed.worker.http.routes": [],
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
}


class LostSchedulerError(CourseError):
    """The scheduler went away."""


@contextmanager
def pool(jobs: int, workers: int | None = None, scheduler: str | None = None) -> Iterator[Client]:
    """Connect to a Dask cluster, or make one of this machine's cores for the time of a block.

    Parameters
    ----------
    jobs : int
        How many submissions there are; a few need fewer workers.
    workers : int, optional
        How many processes judge on this machine; by default up to twice as many as there are
        cores, since those whose student sleeps need no core.
    scheduler : str, optional
        The address of a running scheduler, such as `tcp://10.0.0.5:8786`. Its workers need the
        same course installed, and one thread each: `dask worker ADDRESS --nthreads 1`.

    Raises
    ------
    CourseError
        If there is no scheduler at that address, or it has no worker.
    """
    logging.getLogger("distributed").setLevel(logging.ERROR)
    environment = {"distributed.nanny.pre-spawn-environ": worker_environment()}
    with dask.config.set(SETTINGS | environment):
        if scheduler is None:
            with (
                tempfile.TemporaryDirectory(prefix="course-") as scratch,
                _own(workers or _enough(jobs), scratch) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(scheduler, timeout=PATIENCE)
        except (OSError, ValueError, TypeError) as error:
            raise CourseError(
                f"no Dask scheduler answers at {scheduler}: {error}; start one: dask scheduler"
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError as error:
                raise CourseError(
                    f"the scheduler {scheduler} has no worker after {PATIENCE:g} s; start one on "
                    f"any machine that has the course: dask worker {scheduler} --nthreads 1"
                ) from error
            yield client


def each(client: Client, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | CourseError]]:
    """Judge submissions as workers become free; yield each when it is done, in any order.

    Only a few jobs are under way at any time, so that memory does not grow with their number.

    Yields
    ------
    Job, and Result or CourseError
        An error is the grader's or the cluster's, never the submission's.

    Raises
    ------
    LostSchedulerError
        If the scheduler goes away.
    """
    todo, running = iter(jobs), as_completed()
    under_way: dict[str, Job] = {}

    def fill() -> None:
        most = AHEAD * max(len(client.nthreads()), 1) + 1
        while len(under_way) < most and (job := next(todo, None)):
            under_way[job.key] = job
            running.add(client.submit(judged, job, key=job.key))

    fill()
    for future in running:
        job = under_way.pop(future.key)
        outcome = _outcome(future)
        future.release()
        fill()
        yield job, outcome


def _enough(jobs: int) -> int:
    """Return how many workers are worth their start."""
    return max(min(CPU_COUNT, jobs), min(SLOTS_A_CORE * CPU_COUNT, jobs // ENOUGH))


def _own(workers: int, scratch: str) -> LocalCluster:
    """Start workers on this machine, forked from one process that has imported all they need."""
    get_mp_context().set_forkserver_preload(["grading.preload"])
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        local_directory=scratch,
        memory_limit=0,  # Dask's; a student's process has its own
        security=Security.temporary(),
        silence_logs=logging.CRITICAL,  # errors come back with the jobs
    )


def _outcome(future: Future) -> Result | CourseError:
    if future.status == "finished":
        return future.result()
    if future.status != "error":
        raise LostSchedulerError(
            "the connection to the Dask scheduler was lost; what is graded is kept: give the "
            "same command again"
        )
    error = future.exception()
    if isinstance(error, CourseError):
        return error
    if isinstance(error, KilledWorker):
        return CourseError(
            "the worker that judged it died, and three others after it; look for a lack of memory"
        )
    return CourseError(f"the grader failed: {type(error).__name__}: {error}")
