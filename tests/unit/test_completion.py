"""Completion as a user meets it: a shell in a terminal, words half typed, and the key Tab."""

import os
import pty
import shutil
import threading

import pytest

from phi4hpc.cli.parser import COMMANDS, every_command
from tests.conftest import ENVIRONMENT, ROOT

BASH = """
eval "$(python -m phi4hpc completion bash)"
typed() { echo "$READLINE_LINE." >> typed; READLINE_LINE=; }
bind -x '"\\C-g": typed'
"""
ZSH = """
typed() { print -r -- "$BUFFER." >> typed; BUFFER=; }
zle -N typed
bindkey '^G' typed
autoload -Uz compinit
"""
STARTED = {
    'bash': ('bash', BASH),
    'zsh by eval': ('zsh', f'{ZSH}compinit -u -D; eval "$(python -m phi4hpc completion zsh)"'),
    'zsh by fpath': ('zsh', f'{ZSH}python -m phi4hpc completion zsh > studies/_phi4hpc\n'
                            'fpath=(studies $fpath); compinit -u -D')}
"""Each shell with its first lines, as the docs have them; Ctrl-G keeps what stands typed."""
EXPECTED = {
    'expo': 'export ', 'run studies/': 'run studies/deck.yaml ', 'run d': 'run deck.yaml ',
    'run deck.yaml --wa': 'run deck.yaml --walltime ',
    'run deck.yaml sample.dr': 'run deck.yaml sample.draws=',
    'run deck.yaml seed=1 sample.dr': 'run deck.yaml seed=1 sample.draws=',
    'run deck.yaml --out runs/o': 'run deck.yaml --out runs/one/',
    'status runs/': 'status runs/one/', 'compare runs/one runs/o': 'compare runs/one runs/one/',
    'compare runs/one runs/one runs/o': 'compare runs/one runs/one runs/one/',
    'bench st': 'bench storage ', 'check deck.yaml --stage m': 'check deck.yaml --stage measure '}


@pytest.fixture
def folder(tmp_path):
    for name in ('deck.yaml', 'studies/deck.yaml', 'studies/notes.txt', 'runs/one/results.json',
                 'runs/deck.yaml'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def completed(shell, first_lines, folder, lines):
    """Type each line and Tab in a shell in a terminal, and return the lines as they then stand."""
    for name in ('.zshrc', '.bashrc'):
        (folder / name).write_text(first_lines)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        words = ['bash', '--rcfile', '.bashrc', '-i'] if shell == 'bash' else ['zsh', '-i']
        os.execvpe(shell, words, ENVIRONMENT | {'PYTHONPATH': str(ROOT), 'TERM': 'dumb',
                                                'ZDOTDIR': str(folder)})
    patience = threading.Timer(120, os.kill, [child, 9])
    patience.start()
    os.write(terminal, ''.join(f'{line}\t\x07' for line in lines).encode() + b'exit\n')
    while shown(terminal):
        pass
    os.waitpid(child, 0)
    patience.cancel()
    os.close(terminal)
    return [line[:-1] for line in (folder / 'typed').read_text().splitlines()]


def shown(terminal):
    """Return some of what a terminal shows, or nothing once its shell has ended."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b''


@pytest.mark.parametrize(('shell', 'first_lines'), STARTED.values(), ids=STARTED)
def test_a_shell_completes_commands_options_decks_runs_and_keys(shell, first_lines, folder):
    if not shutil.which(shell):
        pytest.skip(f'no {shell}: apt-get install {shell}')
    found = completed(shell, first_lines, folder, [f'phi4hpc {words}' for words in EXPECTED])
    assert found == [f'phi4hpc {words}' for words in EXPECTED.values()]


@pytest.mark.parametrize('command', COMMANDS)
def test_every_command_has_its_place_in_completion(command):
    commands, = (action for action in every_command()._actions if isinstance(action.choices, dict))
    assert command in commands.choices
