"""`python tests/picture.py [RUN]`: make docs/figures/quickstart.png anew, the README's picture.

It carries out the study of input/quickstart.yaml in the run directory RUN, runs/quickstart unless
given, or goes on there, and puts three of its figures side by side, the last of one draw alone. The
PNG says by a digest which deck it is of, and a test holds that against the deck.
"""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import yaml
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from phi4hpc.deck.load import load
from phi4hpc.report.figures.f_reconstructed_configurations import examples, side_by_side
from phi4hpc.report.study import Study
from phi4hpc.report.style import SHEET
from phi4hpc.rundirectory.comparison import digest
from phi4hpc.stages.table import named

ROOT = Path(__file__).parents[1]
DECK, PICTURE = ROOT / 'input' / 'quickstart.yaml', ROOT / 'docs' / 'figures' / 'quickstart.png'
LEFT = 'd_binder', 'gain'
KEY = 'deck'
SCALE = 2                        # pixels of a figure to one of the picture


def main(run: Path) -> None:
    """Run the study, and make the picture of it."""
    command = [sys.executable, '-m', 'phi4hpc', 'run', str(DECK), '--out', str(run)]
    subprocess.run(command, cwd=ROOT, check=True)
    about = PngInfo()
    about.add_text(KEY, of_deck())
    picture(run).save(PICTURE, pnginfo=about, optimize=True)


def of_deck() -> str:
    """Return the digest of all that the quickstart says of what its figures depend on.

    What the code makes of it is held against the picture by launch/test_quickstart.py.
    """
    given = yaml.safe_load(DECK.read_text())
    return digest({name: given[name] for name in named('report').depends if name in given})


def picture(run: Path) -> Image.Image:
    """Return the picture of a run that is complete."""
    left = [Image.open(run / 'figures' / f'{name}.png').convert('RGB') for name in LEFT]
    return beside(left, reconstructions(run))


def reconstructions(run: Path) -> Image.Image:
    """Return the figure of configurations before and after each model, of one draw."""
    study, content = Study.of(run, load(DECK).deck), BytesIO()
    [models] = study.models.values()
    with mpl.rc_context(fname=SHEET):
        side_by_side(examples(study, models), draws=1).savefig(content)
    return Image.open(content).convert('RGB')


def beside(left: list[Image.Image], right: Image.Image) -> Image.Image:
    """Return two figures, one above the other, with a third one to their right."""
    height = sum(image.height for image in left)
    right = right.resize((right.width * height // right.height, height), Image.Resampling.LANCZOS)
    whole = Image.new('RGB', (left[0].width + right.width, height), 'white')
    whole.paste(left[0], (0, 0))
    whole.paste(left[1], (0, left[0].height))
    whole.paste(right, (left[0].width, 0))
    return whole.resize((whole.width // SCALE, whole.height // SCALE), Image.Resampling.LANCZOS)


if __name__ == '__main__':
    main(Path(*sys.argv[1:2] or [ROOT / 'runs' / 'quickstart']).resolve())
