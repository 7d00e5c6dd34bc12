"""What `phi4hpc run` leaves, opened in a plain Python interpreter."""

import json
import subprocess
import sys

import pytest

import phi4hpc

LOOK = """
import sys
import phi4hpc

run = phi4hpc.open(sys.argv[1])
assert list(run.ensembles) == [4, 8]
assert run.results['ensembles'].binder[8].size == 4
assert run.latent['L008_k0.269_dense_d16_hidden32/decoder'].singular_values.size == 16
assert run.deck.seed == 3
assert 'torch' not in sys.modules
name = 'L008_k0.269_dense_d16_hidden32'
examples = run.latent[f'{name}/examples']
mapped = run.models[name](examples.original)
assert abs(mapped.numpy() - examples.reconstructed).max() < 1e-5
assert 'mpi4py.MPI' not in sys.modules
"""


def when_changed(folder):
    """Return when each file of a folder was changed last."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob('*')}


def values(means):
    """Return the values of a list of pyerrors.Obs."""
    return [mean.value for mean in means]


def test_a_plain_interpreter_reads_all_of_a_run_and_changes_nothing(finished):
    out, _ = finished
    before = when_changed(out)
    done = subprocess.run([sys.executable, '-c', LOOK, out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert when_changed(out) == before


def test_results_are_those_of_the_file(finished):
    out, _ = finished
    results = phi4hpc.open(out).results
    plain = json.loads((out / 'results.json').read_text())
    for entry in plain['ensembles']:
        found = results['ensembles'].loc[entry['L'], entry['kappa']]
        binder = {'value': found.binder.value, 'error': found.binder.dvalue}
        assert binder.items() <= entry['binder'].items()
        assert values(found.propagator['value']) == entry['propagator']['value']
    for table in plain['reweighted']:
        errors = [U_L.dvalue for U_L in results['reweighted'][table['L']]['binder']]
        assert errors == table['binder']['error']


def test_points_of_the_transition_know_what_they_share(finished):
    """The error of a sum is not that of independent numbers."""
    out, _ = finished
    levels = phi4hpc.open(out).results['transition']['levels']
    one, other = (level['kappa'] for level in levels if level['L'] == 8)
    both = one + other
    both.gamma_method()
    assert both.dvalue != (one.dvalue**2 + other.dvalue**2) ** 0.5


def test_means_of_draws_are_those_of_results_and_know_what_they_share(finished):
    out, _ = finished
    run = phi4hpc.open(out)
    found = run.results['ensembles'].loc[8, 0.269]
    m2, chi = (run.mean(name, 8, 0.269) for name in ('susceptibility_m2', 'susceptibility'))
    assert (chi.value, chi.dvalue) == (found.susceptibility.value, found.susceptibility.dvalue)
    disconnected = m2 - chi
    disconnected.gamma_method()
    squared = 64 * run.mean('abs_magnetisation', 8, 0.269) ** 2
    squared.gamma_method()
    assert disconnected.value == pytest.approx(squared.value)
    assert disconnected.dvalue == pytest.approx(squared.dvalue)
    assert values(run.mean('propagator', 8, 0.269)) == values(found.propagator['value'])
