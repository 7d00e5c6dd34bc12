"""A run whose files an older version wrote: the report says in one line what they lack."""

import re

import h5py
import pytest

from phi4hpc.errors import UserError
from phi4hpc.files import read_json, write_json
from phi4hpc.parallel import leftout
from phi4hpc.parallel.leftout import Missing
from phi4hpc.report.figure import draw_and_save, kind
from phi4hpc.report.left import Left, left, reading
from phi4hpc.report.study import Study
from phi4hpc.stages.report import rendered
from tests.made_up import make


@pytest.fixture
def study(tmp_path):
    return make(tmp_path)


def older(study, file, change):
    """Let `change` take from a JSON file what an older version did not write; read it again."""
    found = read_json(study.path / file)
    change(found)
    write_json(study.path / file, found)
    return Study.of(study.path, study.deck)


def said(study, name):
    """Return what stands on the page in place of a figure, and what the log says."""
    leftout.lines.clear()
    record, = draw_and_save(kind(name), study, study.path / 'figures')
    line, = leftout.lines
    leftout.lines.clear()
    return record['missing'], line


def lacks(file, name, stage):
    return (f'{file} has no {name}; if an older version wrote it, make it anew by '
            f'`phi4hpc {stage} DECK --restart`, then `phi4hpc report DECK`')


@pytest.mark.parametrize(('figure', 'name'), [
    ('g_spectra', 'autoencoder/sample_lower'),        # is looked up in arrays that were read
    ('g_autoencoder', 'autoencoder/shares'),
    ('observable_jacobians', 'decoder/variance'),     # is looked up in the file
])
def test_a_figure_says_what_latents_lack_and_which_stage_makes_it(study, figure, name):
    with h5py.File(study.path / 'latent.h5', 'r+') as latent:
        for group in latent.values():
            del group[name]
    page, line = said(study, figure)
    lacking = lacks('latent.h5', re.sub('.*/', '', name), 'analyse')
    assert line == f'the figure {figure}: left out: {lacking}'
    assert page == f'The figure {figure} is left out: {lacking}.'


def test_a_figure_says_what_means_lack(study):
    older(study, 'results.json', lambda found: found.pop('tempering'))
    _, line = said(Study.of(study.path, study.deck), 'tempering')
    assert line.endswith(lacks('results.json', 'tempering', 'measure'))


def test_a_figure_says_what_the_flow_lacks(study):
    def change(found):
        for entry in found['couplings']:
            del entry['level']

    older(study, 'flow.json', change)
    _, line = said(Study.of(study.path, study.deck), 'flow_plane')
    assert line.endswith(lacks('flow.json', 'level', 'flow'))


def test_a_page_that_cannot_be_written_says_what_is_missing(study):
    poorer = older(study, 'results.json', lambda found: found.pop('tempering'))
    with pytest.raises(UserError, match='^report.html: results.json has no tempering; '):
        rendered(poorer, [], 1, 'host')


def test_what_was_left_is_a_dict_that_names_its_file():
    found = left('flow.json', {'steps': [{'y_t': 1.0}]})
    assert found == {'steps': [{'y_t': 1.0}]}
    assert found.get('levels') is None
    for part in (found, found['steps'][0], found | {'more': 1}):
        with pytest.raises(Missing, match=r'^flow.json has no y_h;'):
            part['y_h']
    assert isinstance(found, Left)


def test_a_mistake_of_a_figure_is_no_fault_of_the_file():
    with pytest.raises(KeyError), reading('latent.h5'):
        {}['a name of its own']
