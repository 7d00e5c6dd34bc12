"""`phi4hpc check` says how long sampling takes here, by steps that it times, and with training."""

import re

import pytest

from phi4hpc import cli
from phi4hpc.deck.load import parse
from phi4hpc.errors import UserError
from phi4hpc.plan import times
from phi4hpc.sampling import forecast as forecasts
from phi4hpc.sampling.forecast import TURN, forecast
from phi4hpc.stages.table import NAMES
from tests.conftest import ROOT

CRITICAL = str(ROOT / 'input' / 'critical.yaml')
QUICKSTART = str(ROOT / 'input' / 'quickstart.yaml')
DECK = """
lattice: {sizes: [16, 32]}
ladder: {kappas: [0.25, 0.26, 0.269], chains: 2}
sample: {thermalisation: 100, draws: 50, spacing: 4}
"""


def deck(*overrides):
    return parse(DECK, 'deck.yaml', overrides).deck


@pytest.fixture
def second_a_site(monkeypatch):
    """Have a step of any replica take a second a site, and return the lattices that are timed."""
    asked = []
    monkeypatch.setattr(forecasts, 'step_cost',
                        lambda device, deck, L, share: asked.append(L) or (0.0, L**2))
    return asked


def test_it_adds_up_all_replicas_and_is_shared_by_ranks(second_a_site):
    one = 300 * (6 * (16**2 + 32**2) + 2 * TURN)
    assert forecast(deck(), 1) == (pytest.approx(one), [])
    assert forecast(deck(), 2).seconds == pytest.approx(one / 2)
    assert forecast(deck('sample.draws=500'), 1).seconds == pytest.approx(one * 2100 / 300)


def test_a_rank_takes_no_less_than_a_replica_of_the_largest_lattice(second_a_site):
    assert forecast(deck(), 12).seconds == pytest.approx(300 * 32**2)


def test_kernels_of_one_lattice_alone_are_waited_for(second_a_site, monkeypatch):
    """Else a check would take as long as a compiler takes for all lattices."""
    monkeypatch.setattr(forecasts, 'PATIENCE', 0)
    found = forecast(deck(), 1)
    assert second_a_site == [32]
    assert found == (pytest.approx(300 * (6 * (16**2 + 32**2) + 2 * TURN)), [16])
    assert 'L = 16 by sites alone' in next(times(deck(), 1, NAMES))


def test_lattices_too_large_to_be_timed_count_by_their_sites(second_a_site):
    found = forecast(deck('lattice.sizes=[16, 4096]'), 1)
    assert second_a_site == [512, 16]
    assert found == (pytest.approx(300 * 6 * (16**2 + 4096**2)), [4096])


def test_a_run_on_gpus_is_not_timed_by_a_core(second_a_site, monkeypatch):
    with pytest.raises(UserError, match='this deck takes a GPU'):
        forecast(deck('device=cuda'), 1)
    monkeypatch.setattr(forecasts, 'gpu_missing', lambda: None)
    with pytest.raises(UserError, match='this deck takes a GPU'):
        forecast(deck(), 1)
    assert forecast(deck('device=host'), 1).seconds > 0


def said(capsys, *words):
    """Return {first word: the rest} of the lines of a check."""
    cli.main(['check', *words])
    return dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:])


def test_without_a_compiler_it_says_so_in_a_line(capsys, monkeypatch):
    monkeypatch.setenv('CXX', 'no-such-compiler')
    lines = said(capsys, QUICKSTART, '--ranks', '2')
    assert lines['sampling'].startswith('no estimate: no C++ compiler (no-such-compiler) found')
    assert 'time' not in lines


def seconds(line):
    hours, minutes, rest = (int(part or 0) for part in
                            re.search(r'about (?:(\d+):)?(\d+):(\d+)', line).groups())
    return 3600 * hours + 60 * minutes + rest


def test_the_check_adds_up_sampling_and_training(capsys):
    lines = said(capsys, QUICKSTART, '--ranks', '1')
    sum_of_both = seconds(lines['sampling']) + seconds(lines['training'])
    assert abs(seconds(lines['time']) - sum_of_both) <= 1
    assert lines['time'].endswith('for sample and train; measure, analyse and report come on top')


def test_a_check_for_one_stage_times_no_other(capsys):
    lines = said(capsys, QUICKSTART, '--ranks', '1', '--stage', 'sample')
    assert 'about' in lines['sampling']
    assert 'time' not in lines
    assert not {'sampling', 'time'} & said(capsys, QUICKSTART, '--stage', 'train').keys()


@pytest.mark.long
def test_it_is_right_within_a_factor_of_two(mpirun, capsys, tmp_path):
    words = [CRITICAL, 'lattice.sizes=[16, 64]', 'sample.draws=10000']
    expected = seconds(said(capsys, *words, '--ranks', '1')['sampling'])
    done = mpirun(1, '-m', 'phi4hpc', 'sample', *words, '--out', tmp_path / 'run')
    found = float(re.search(r'sample: ([\d.]+) s, and', done.stderr)[1])
    assert 0.5 < found / expected < 2
