"""Submissions that are broken, or made to hurt, to pry or to be marked better; and what they get.

Each is data: the files that the student hands in, and what must come of them. Most are the face
notebook with right answers to two exercises and something else in place of the third.
"""

import hostile_files as files
import hostile_functions as functions

ALL = [
    *(functions.PRYING + functions.WRITING + functions.FORGING + functions.LYING),
    *(functions.TAKING + functions.SHOWING + functions.ART_NOTEBOOKS),
    *(files.NOTEBOOKS + files.ZIPS + files.NAMES),
]
