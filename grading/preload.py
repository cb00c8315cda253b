"""What a process imports that forks judges: they share the seconds and the memory it took."""

from grading.quiet_import import import_quietly

import_quietly("distributed.nanny", "tensorflow", "keras", "grading.worker")
