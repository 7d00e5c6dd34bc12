"""Files that survive a kill at any moment: written under a temporary name, brought to the disk, then renamed."""

import json
import os
from pathlib import Path


def settle(temporary, path):
    """Bring a complete file to the disk, then to its name."""
    with open(temporary, 'rb+') as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


def write_text(path, text):
    """Write a text file."""
    temporary = Path(f'{path}.new')
    temporary.write_text(text, encoding='utf-8')
    settle(temporary, path)


def write_json(path, value):
    """Write plain values as JSON. Raises ValueError on a NaN, which JSON cannot say."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False))
