"""`phi4hpc completion SHELL`: a script by which bash or zsh completes commands, options and names.

It is made by shtab from the parsers of the commands, once; completing starts no Python.
"""

import argparse
import re

import shtab

from phi4hpc.cli.parser import every_command
from phi4hpc.deck.editor import leaves

BASH = """
_phi4hpc_deck() {
  compgen -d -- "$1"
  compgen -f -X '!*.y*ml' -- "$1"
}
_phi4hpc_keys() {
  compgen -W '%s' -- "$1"
}
"""
ZSH = """
_phi4hpc_deck() {
  _files -g '*.y*ml'
}
_phi4hpc_keys() {
  compadd -S '' -- %s
}
"""
WRAPPED = """
_phi4hpc() {
  _shtab_phi4hpc
  [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2> /dev/null
  [[ ! -e ${COMPREPLY[0]-} ]] || compopt -o filenames 2> /dev/null
}
complete -o bashdefault -F _phi4hpc phi4hpc
"""
"""In bash, after a key of the deck its value follows at once, and after a folder what is in it."""
ONCE = r'"\(\*\)::?'
"""How shtab has zsh complete the first of several words only, such as keys of the deck."""


def script(shell: str) -> str:
    """Return the script for `bash` or `zsh`."""
    parser = every_command()
    keys = ' '.join(f'{".".join(map(str, path))}=' for path in leaves())
    own = {'DECK': '_phi4hpc_deck', 'key=value': '_phi4hpc_keys'}
    kinds = {**{name: dict.fromkeys(('bash', 'zsh'), function) for name, function in own.items()},
             **dict.fromkeys(('DIR', 'RUN'), shtab.DIRECTORY), 'FILE': shtab.FILE}
    for action in arguments(parser):
        if action.metavar in kinds:
            vars(action)['complete'] = kinds[str(action.metavar)]
    made = shtab.complete(parser, shell, preamble=(BASH if shell == 'bash' else ZSH) % keys)
    return made + WRAPPED if shell == 'bash' else re.sub(ONCE, '"*:', made)


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the arguments of all commands."""
    commands = next(action.choices for action in parser._actions
                    if isinstance(action.choices, dict))
    return [action for command in commands.values() for action in command._actions]
