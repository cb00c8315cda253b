"""What runs in a student's process in the tests of the machinery around it."""

import linecache
import traceback


def serve(channel):
    """Run what is sent like a student's cell; send back `answer`, and arrays in `send`."""
    while True:
        message, arrays = channel.receive()
        names = {"arrays": arrays, "channel": channel, "answer": None, "send": []}
        source = message["run"]
        linecache.cache["<cell>"] = len(source), None, source.splitlines(keepends=True), "<cell>"
        try:
            exec(compile(source, "<cell>", "exec"), names)
            channel.send({"answer": names["answer"]}, names["send"])
        except BaseException as error:
            trace = traceback.format_exc()
            channel.send({"error": type(error).__name__, "text": str(error), "trace": trace})
