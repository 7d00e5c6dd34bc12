"""Who types what docs/howto.md shows, from its beginning to its end, meets no fault."""

import shlex
import shutil
from pathlib import Path

import pytest

from phi4hpc import cli
from phi4hpc.cli.parser import parsed
from tests.documents import every_block, is_shell

DECK = """
action: {lambda: 0.02}
lattice: {sizes: [16, 32]}
ladder: {kappas: [0.266, 0.269, 0.272], chains: 2}
sample: {thermalisation: 20, draws: 100, spacing: 1}
measure: {observables: [mygroup.energy]}
train: {lattice: 16, kappas: [0.269], models: [{fourier: {latents: [5]}}], epochs: 2}
analyse: {draws: 16}
"""
ELSEWHERE = ('jobs/', 'slurm/', 'pip ', 'eval ', 'touch ', 'phi4hpc bench', 'cuda')
"""What is run by other tests, or needs a cluster, a GPU or minutes."""
LINES = [line for block in every_block('docs/howto.md') if is_shell(block)
         for line in block.splitlines() if not any(word in line for word in ELSEWHERE)]


def typed(line):
    """Do what a line of shell says, and return its exit status."""
    program, *words = shlex.split(line.replace('/archive', 'archive'))
    if program == 'cp':
        shutil.copytree(words[1], words[2])
    else:
        assert program == 'phi4hpc'
        try:
            cli.main(words)
        except SystemExit as end:
            return end.code
        if parsed(words)[0] == 'init':
            Path('mystudy.yaml').write_text(DECK)
    return 0


@pytest.mark.long
@pytest.mark.usefixtures('mygroup')
def test_every_line_works_in_its_turn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path('archive').mkdir()
    for line in LINES:
        # Means of runs as short as these need not agree.
        assert typed(line) in ((0, 1) if 'compare' in line else (0,)), line
