"""The judge's side of a student's process: to have things done there, and lend functions to it."""

from collections.abc import Sequence
from typing import Any, Protocol

from grading.channel import Channel
from grading.codec import JudgeCodec, Proxy
from grading.recorder import Recorder
from grading.remote import REVOKED, Peer

GIVEN = frozenset(["fr_utils", "inception_blocks_v2", "nst_utils"])
ENDS = {
    "cpu": "used up its processor time",
    "memory": "needed more memory than there is for it",
    "wall": "used up its time",
    "output": "printed more than is allowed",
    "signal": "made Python crash",
}


class Process(Protocol):
    """A fresh process that runs `grading.student.serve`; `grading.zygote.Student` is one."""

    channel: Channel

    def kill(self) -> None:
        """End it."""

    def wait(self) -> Any:
        """Wait for its end; what comes back may say under `why` how it came to it."""


class Seat:
    """A student's process, and the way to it.

    Parameters
    ----------
    process : Process
        A fresh one.
    names : dict of str to object
        The functions and classes that both sides know, of the public text.
    call_seconds : float
        How long a call may take.

    Attributes
    ----------
    defined : list of str
        The exercises that can be called.
    recorder : Recorder
        Keeps the calls of the student's functions.
    """

    def __init__(self, process: Process, names: dict[str, Any], call_seconds: float) -> None:
        self.codec = JudgeCodec(names, GIVEN)
        self.peer = Peer(
            process.channel, self.codec, self._lent, trusting=False, call_seconds=call_seconds
        )
        self.defined: list[str] = []
        self.recorder = Recorder()
        self._process = process

    def ask(self, what: str, *args: Any) -> Any:
        """Have something done by `grading.student.Desk`."""
        return self.peer.call(("desk", what), args, {})

    def function(self, exercise: str) -> Proxy:
        """Return a function that calls the student's; the calls are kept."""
        return Proxy(self._call, ("function", exercise))

    def helper(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Run a helper of the tests beside the student's functions; the call is kept."""
        return self._call(("helper", name), args, kwargs)

    def _call(
        self, reference: tuple[Any, ...], args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        return self.recorder.call(
            reference[-1], args, kwargs, lambda: self.peer.call(reference, args, kwargs)
        )

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.channel.close()

    def end(self) -> str:
        """Say how the process was lost, as the end of a sentence.

        Nothing in it was written by the student, who could tell of a hidden test that way.
        """
        lost = self.peer.lost
        if lost and lost.kind == "late":
            return "did not come to an end in time"
        if lost and lost.kind != "closed":
            return "sent the grader what it must not"
        self._process.kill()
        return ENDS.get(
            getattr(self._process.wait(), "why", ""), "ended its process, as exit() does"
        )

    def _lent(self, reference: tuple[Any, ...]) -> Any:
        """Find a function of the judge's that the student may call now."""
        number = reference[0] if reference else None
        if type(number) is not int or number not in self.codec.exports:
            raise LookupError(REVOKED)
        return self.codec.exports[number]
