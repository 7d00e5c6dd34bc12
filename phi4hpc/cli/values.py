"""What the values of options may be; argparse reports an ArgumentTypeError as a mistake."""

import argparse
import math
import re
from pathlib import Path

WALLTIME = re.compile(r'(?a:(\d{1,9})-(\d{1,9})(?::(\d{1,9})(?::(\d{1,9}))?)?'
                      r'|(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9}))')
UNITS = (86400, 3600, 60, 1, 3600, 60, 1)
"""Seconds in what each group of WALLTIME counts."""


def size(word: str) -> int:
    """Return the linear size L of a lattice."""
    if not (word.isdecimal() and int(word) in range(2, 16385, 2)):
        raise argparse.ArgumentTypeError(f'expected an even number from 2 to 16384, got {word!r}')
    return int(word)


def seconds(word: str) -> float:
    """Return a time in seconds, of an hour at most."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError('expected seconds above 0 and at most 3600, '
                                         f'got {word!r}')
    return value


def positive(word: str) -> int:
    """Return a whole number from 1 on."""
    if not (word.isdecimal() and int(word) > 0):
        raise argparse.ArgumentTypeError(f'expected a whole number >= 1, got {word!r}')
    return int(word)


def walltime(word: str) -> int:
    """Return the seconds of [[H:]M:]S, or of D-H, D-H:M or D-H:M:S as Slurm writes them."""
    found = WALLTIME.fullmatch(word)
    numbers = [int(number or 0) for number in found.groups()] if found else [0] * len(UNITS)
    if not any(numbers):
        raise argparse.ArgumentTypeError('expected seconds, minutes:seconds, '
                                         'hours:minutes:seconds, or '
                                         f'days-hours[:minutes[:seconds]], got {word!r}')
    return sum(number * unit for number, unit in zip(numbers, UNITS, strict=True))


def number(word: str) -> float:
    """Return a finite number."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f'expected a number, got {word!r}')
    return value


def folder(word: str) -> Path:
    """Return the path of a folder that is there."""
    if not Path(word).is_dir():
        raise argparse.ArgumentTypeError(f'expected a folder that is there, got {word!r}')
    return Path(word)


def file_name(word: str) -> str:
    """Return the name of a file to write, which may have folders before it."""
    if not word.strip() or word.endswith('/'):
        raise argparse.ArgumentTypeError(f'expected the name of a file, got {word!r}')
    return word
