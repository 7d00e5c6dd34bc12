"""The manner of the code, as far as a program can check it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_ruff_finds_nothing():
    ruff = [sys.executable, '-m', 'ruff', 'check', '--no-cache', '--output-format=concise']
    done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
