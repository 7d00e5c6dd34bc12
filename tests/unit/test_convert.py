"""Couplings of the continuum forms give every configuration the same action, and convert back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phi4hpc.cli import main
from phi4hpc.lattice.action import CONTINUUM, action, continuum_action, from_continuum, to_continuum


@pytest.mark.parametrize('n', CONTINUUM.values(), ids=CONTINUUM)
@settings(deadline=None)
@given(kappa=st.floats(0.01, 2), lam=st.floats(0, 10), seed=st.integers(0, 2**32 - 1))
def test_the_action_of_every_configuration_is_the_same(n, kappa, lam, seed):
    phi = np.random.default_rng(seed).normal(size=(3, 4, 4))
    converted = continuum_action(np.sqrt(2 * kappa) * phi, *to_continuum(kappa, lam, n), n)
    # The action with a plus sign before every term.
    scale = action(abs(phi), -kappa, lam) + 4 * lam * (phi**2).sum((-2, -1))
    assert (abs(converted - action(phi, kappa, lam)) < 1e-12 * scale).all()


@pytest.mark.parametrize('n', CONTINUUM.values(), ids=CONTINUUM)
@settings(deadline=None)
@given(kappa=st.floats(0.01, 2), lam=st.floats(0, 10))
def test_couplings_come_back(n, kappa, lam):
    there_and_back = from_continuum(*to_continuum(kappa, lam, n), n)
    assert there_and_back == pytest.approx((kappa, lam), rel=1e-9, abs=1e-15)


def test_without_interaction_the_mass_is_that_of_the_free_propagator():
    """At lambda = 0, G has its pole where p^^2 = -m^2, m^2 = (1 - 4 kappa) / kappa."""
    assert to_continuum(0.22, 0.0, 4) == pytest.approx(((1 - 4 * 0.22) / 0.22, 0.0))


def test_the_command_tells_every_form(capsys):
    main(['convert', 'hopping', '0.26955', '0.02'])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ['hopping', *CONTINUUM]
    mass2, coupling = lines[1].split()[3], lines[1].split()[6]
    main(['convert', 'quarter', mass2, coupling])
    assert capsys.readouterr().out.splitlines()[0].split()[3::3][:2] == ['0.26955', '0.02']


def test_a_negative_coupling_may_have_an_exponent(capsys):
    main(['convert', 'quarter', '-1.5e-1', '5e-1'])
    assert 'mu0^2 = -0.15 ' in capsys.readouterr().out


@pytest.mark.parametrize('words', [['hopping', '0', '0.02'], ['hopping', '0.2', '-1'],
                                   ['unit', '-5', '0'], ['factorial', '-1', '-2'],
                                   ['half', '1', '1'], ['factorial', 'inf', '1']])
def test_what_cannot_be_converted_is_refused_in_one_line(words, capsys):
    with pytest.raises(SystemExit) as left:
        main(['convert', *words])
    assert left.value.code == 2
    lines = capsys.readouterr().err
    assert len(lines.splitlines()) == 1
    assert 'expected' in lines or 'choose from' in lines
