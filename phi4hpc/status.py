"""`phi4hpc status DIR`: how far each stage of a run is, from what the run leaves; also while it is at work."""

from pathlib import Path

from phi4hpc.logs import told
from phi4hpc.rundirectory import MAKES, holder, read_json, resolved_deck


def main(path):
    """Print a line on who is at work in the run directory `path`, and one on each stage."""
    print(*lines(Path(path)), sep='\n')


def lines(path):
    """Yield the lines. Raises UserError where `path` is no run directory."""
    deck, owner, records = resolved_deck(path), holder(path), read_json(path / 'stages.json')
    progress = read_json(path / 'logs' / 'progress.json')
    yield f'{path}: in use by {owner}' if owner else f'{path}: nobody is at work'
    for stage in MAKES:
        yield f'  {stage:<9}{state(path, stage, deck, records.get(stage), progress, owner)}'


def state(path, stage, deck, record, progress, owner):
    """Return in words how far a stage is."""
    if record:
        return 'done {finished}, in {seconds:.1f} s on {ranks} ranks ({device})'.format(**record)
    if stage in ('train', 'analyse') and not deck['train']:
        return 'not in the deck'
    if progress.get('stage') != stage:
        return 'not begun'
    numbers = {key: progress[key] for key in ('what', 'done', 'total', 'rate')}
    models = f'; {trained(path)} of {asked_for(deck)} models are done' if stage == 'train' else ''
    return f'{"" if owner else "stopped at "}{told(**numbers)}{models}'


def trained(path):
    """Return how many models are done."""
    return len(list((path / 'models').glob('*.json')))


def asked_for(deck):
    """Return how many models the deck asks for."""
    return len(deck['train']['kappas']) * len(deck['train']['families']) * len(deck['train']['latents'])
