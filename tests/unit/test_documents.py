"""Every block of code in the documents is run, or judged, or known to be none.

Python is run by test_docs.py and, on a whole quickstart, by launch/test_quickstart.py; files of
extending.md by test_extending.py; commands by test_typed.py. Here decks are judged.
"""

import re
import subprocess
import sys

import pytest

from phi4hpc.cli.parser import COMMANDS
from phi4hpc.deck.editor import leaves
from phi4hpc.deck.load import parse
from tests.conftest import ROOT
from tests.documents import DOCUMENTS, blocks, every_block, files, is_shell

PYTHON = {
    'README.md': ['import phi4hpc\n'], 'docs/tutorial.md': ['import phi4hpc\n'],
    'docs/data.md': ['import phi4hpc\n', 'import xarray\n', 'import arviz', 'import h5py',
                     'import pyerrors', 'import xarray as xr', 'import numpy', 'import zarr'],
    'docs/flow.md': ['from pathlib']}
"""How the blocks of Python begin that are run, by document."""
DECKS = {'README.md': ['seed: 1'],
         'docs/extending.md': ['sample: {recipe', 'measure:', 'train:', 'analyse:', 'flow:',
                               'report:']}
"""How the parts of decks begin that are judged."""
NO_CODE = ['S[phi] =', 'phi4hpc/   the package', 'cli/  ', '/scratch/me/run: in use',
           'deck.yaml      ', 'time = imbalance', 'N dF/dy_n =', 'modules=(gcc',
           'sum_b < sum_x', "< S' S' >_c", '480 MiB + 8 (B']
"""How what is no code begins: formulas, lists of files, what a command says, a cluster's lines."""
FORMULAS = ('docs/physics.md', 'docs/flow.md')
"""Documents whose blocks are formulas where they are not shell."""


def known(document, block):
    """Return whether a block is run or judged by a test, or is no code."""
    begins = [*PYTHON.get(document, ()), *DECKS.get(document, ()), *NO_CODE]
    whole = {text.strip() for text in files(document).values()}
    formula = document in FORMULAS and not re.match(r'import |from |def |class |\w+:', block)
    return (is_shell(block) or formula or block.strip() in whole
            or f'{block}\n'.startswith(tuple(begins)))


@pytest.mark.parametrize('document', DOCUMENTS)
def test_every_block_is_known(document):
    assert [block for block in every_block(document) if not known(document, block)] == []


def test_the_deck_of_the_readme_is_good():
    block, = blocks('README.md', 'seed: 1')
    assert parse(block, 'README').deck.train.lattice == 32


def test_links_lead_to_what_is_there():
    for document in DOCUMENTS:
        text = (ROOT / document).read_text()
        for link in re.findall(r'\]\((?!https?:|#)([^)#]+)', text):
            target = (ROOT / document).parent / link
            made = {f'reference/{name}.md' for name in ('deck', 'commands', 'plugins', 'sources')}
            assert target.exists() or link in made, f'{document}: {link}'


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """Return the folder of the site, built as CONTRIBUTING.md says; any doubt of mkdocs fails."""
    folder = tmp_path_factory.mktemp('site')
    done = subprocess.run([sys.executable, '-m', 'mkdocs', 'build', '-q', '-d', folder], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_contents_lead_to_every_document(site):
    page = (site / 'index.html').read_text()
    for document in (ROOT / 'docs').rglob('*.md'):
        assert f'href="{document.relative_to(ROOT / "docs").with_suffix(".html")}"' in page


def test_the_site_needs_no_network(site):
    for page in site.rglob('*.html'):
        assert not re.search(r'(src|href)="(https?:)?//[^"]*\.(js|css|woff2?)', page.read_text())


def test_the_first_page_leads_to_the_others(site):
    page = (site / 'index.html').read_text()
    assert all(f'<a href="{name}.html">' in page for name in ('tutorial', 'data', 'contributing'))
    assert '<code>slurm/site.sh</code>' in page


def test_means_are_no_tags(site):
    for name in ('data', 'physics', 'results', 'reference/plugins'):
        page = (site / f'{name}.html').read_text()
        assert not re.search(r'<(phi|M|H|S)\b', page)
    assert '1 - &lt;M^4&gt; / (3 &lt;M^2&gt;^2)' in (site / 'data.html').read_text()


def test_the_reference_has_every_key_command_and_plug_in(site):
    deck, commands, parts, python = (
        (site / 'reference' / f'{name}.html').read_text()
        for name in ('deck', 'commands', 'plugins', 'python'))
    assert all(f'<code>{".".join(map(str, path))}</code>' in deck for path in leaves()
               if len(path) > 1)
    assert all(f'<h2 id="{command}">' in commands for command in COMMANDS)
    assert 'Whether to average over the eight symmetries of the square' in deck
    assert '<code>binder</code>' in parts
    assert 'phi4hpc.opened.Run' in python
    sources = (site / 'reference' / 'sources.html').read_text()
    assert 'hep-lat/0306017</a></td>\n<td><code>phi4hpc/statistics/gamma.py' in sources
    assert '2203.01227' in sources
