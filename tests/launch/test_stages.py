"""The stages as a user runs them: under mpirun, again, changed, alone, and wrongly."""

import json
import shutil
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from phi4hpc import open as open_run
from phi4hpc.blockspin import modelfile
from phi4hpc.stages.table import NAMES
from phi4hpc.storage.reader import Ensembles
from tests.jobs import finish, kill, ranks_of, wait_for

MODELS = ['L008_k0.269_dense_d16_hidden32', 'L008_k0.269_dense_d15_hidden32',
          'L008_k0.269_kadanoff_d4']
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


def test_a_run_leaves_what_the_next_stage_and_the_user_need(finished):
    out, _ = finished
    names = ['deck.yaml', 'deck.resolved.yaml', 'results.json', 'reconstructions.json',
             'flow.json', 'flow.h5',
             'report.html', 'timings.json', 'logs/run.log',
             *(f'models/{model}.{kind}' for model in MODELS for kind in ('pt', 'json')),
             *(f'logs/tensorboard/{model}' for model in MODELS[:2]),
             'figures/d_binder.png', 'figures/d_binder.pdf']
    assert [name for name in names if not (out / name).exists()] == []
    assert list(json.loads((out / 'stages.json').read_text())) == list(NAMES)
    assert not list(out.rglob('*.new'))


def test_every_mean_has_an_error_and_a_tau_int(finished):
    results = json.loads((finished[0] / 'results.json').read_text())
    rungs = {L: [e['kappa'] for e in results['ensembles'] if e['L'] == L] for L in (4, 8)}
    assert all(len(kappas) == 4 and {0.24, 0.269, 0.28} < set(kappas) for kappas in rungs.values())
    assert [(of['L'], of['kappa']) for of in results['tempering']] == list(rungs.items())
    for entry in results['ensembles']:
        for name in ('abs_magnetisation', 'susceptibility', 'susceptibility_m2', 'binder',
                     'hopping', 'phi2', 'phi4'):
            assert entry[name]['error'] > 0
            assert entry[name]['tau_int'] >= 0.5
        propagator = entry['propagator']
        lengths = {len(propagator[part]) for part in ('p_hat', 'value', 'error')}
        assert lengths == {entry['L'] // 2 + 1}


def test_every_model_has_its_spectra(finished):
    with h5py.File(finished[0] / 'latent.h5') as file:
        assert sorted(file) == sorted(MODELS)
        for model in MODELS:
            for what in ('autoencoder', 'decoder'):
                values = file[model][what]['value'][...]
                assert values.max() > values.min() >= 0
            for what in ('magnetisation', 'propagator', 'binder', 'hopping'):
                assert file[model][what]['response'][...].max() > 0
                assert file[model][what]['lattice_directions'].shape[1:] == (8, 8)


def test_an_analysis_that_was_killed_between_its_two_files_is_made_again(finished, phi4hpc, deck,
                                                                         tmp_path):
    """The group of a model is in latent.h5, and its entries are not in reconstructions.json.

    The page is of the analysis before: that is said, and it is not taken for current.
    """
    out = shutil.copytree(finished[0], tmp_path / 'run')
    path = out / 'reconstructions.json'
    before = json.loads(path.read_text())
    path.unlink()
    done = phi4hpc(2, 'analyse', deck, '--out', out)
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text()) == before
    assert f'{out}/report.html: is older than the stage analyse; `phi4hpc run`' in done.stderr
    assert set(json.loads((out / 'stages.json').read_text())) == {*NAMES} - {'report'}


def learned(out):
    """Return all that training and analysis left: records, weights, reconstructions, arrays."""
    records = {name: json.loads((out / 'models' / f'{name}.json').read_text()) for name in MODELS}
    found = {name: record | {'seconds': 0} for name, record in records.items()}
    found['reconstructions'] = json.loads((out / 'reconstructions.json').read_text())
    arrays = {f'{name}/{key}': weight for name in MODELS
              for key, weight in modelfile.read(out / 'models' / f'{name}.pt')['state'].items()}
    with h5py.File(out / 'latent.h5') as file:
        file.visititems(lambda name, item: arrays.update(
            {name: item[...]} if isinstance(item, h5py.Dataset) else {}))
    return found | {name: np.asarray(array).tobytes() for name, array in arrays.items()}


@pytest.mark.long
def test_training_and_analysis_go_on_to_the_same_bits_when_stopped_and_when_killed(
        finished, start, deck, tmp_path):
    """Stopped and killed while two groups train a model each, and after the first analysis."""
    out = shutil.copytree(finished[0], tmp_path / 'run')
    shutil.rmtree(out / 'models')
    (out / 'latent.h5').unlink()

    def started(pattern):
        before = set(out.glob(pattern))
        job = start(out, 'checkpoint.interval=0.01', deck=deck, ranks=2, command='run')
        wait_for(lambda: set(out.glob(pattern)) - before, job, patience=60)
        return job

    job = started(f'models/{MODELS[0]}.ckpt/*/manifest.json')
    job.send_signal(signal.SIGUSR2)
    assert 'phi4hpc: stopped in L008_k0.269_dense_d1' in finish(job, code=75)
    job = started(f'models/{MODELS[1]}.ckpt/*/manifest.json')
    kill(job, [ranks_of(job)[1]])
    job = started('latent.h5')
    kill(job, [job.pid, *ranks_of(job)])
    assert f'analyse {MODELS[0]}: ' not in finish(start(out, deck=deck, ranks=2, command='analyse'))
    assert learned(out) == learned(finished[0])


@pytest.mark.long
def test_an_analysis_goes_on_in_the_midst_of_a_model_to_the_same_bits(finished, start, deck,
                                                                      tmp_path):
    """It is stopped once, and killed once, while the first model is not complete."""
    out = shutil.copytree(finished[0], tmp_path / 'run')
    (out / 'latent.h5').unlink()

    def under_way():
        """Start the analysis, and return once it has kept more than before."""
        before = set(out.glob('analysis/*/*.npz'))
        job = start(out, 'checkpoint.interval=0.001', deck=deck, ranks=2, command='analyse')
        wait_for(lambda: set(out.glob('analysis/*/*.npz')) - before, job, patience=60)
        return job

    job = under_way()
    job.send_signal(signal.SIGUSR2)
    assert f'stopped in the analysis of {MODELS[0]}' in finish(job, code=75)
    job = under_way()
    kill(job, [job.pid, *ranks_of(job)])
    assert not (out / 'latent.h5').exists()
    said = finish(start(out, deck=deck, ranks=2, command='analyse'))
    assert f'analyse {MODELS[0]}: goes on from sums that are there' in said
    assert learned(out) == learned(finished[0])
    assert not (out / 'analysis').exists()


def test_a_second_run_skips_everything(finished, phi4hpc, deck):
    done = phi4hpc(2, 'run', deck, '--out', finished[0])
    assert done.returncode == 0
    assert done.stderr.count('complete, skipped') == len(NAMES)


def test_another_deck_is_refused_once_and_changes_redo_what_depends_on_them(
        finished, phi4hpc, deck, tmp_path):
    out, change = shutil.copytree(finished[0], tmp_path / 'run'), 'analyse.draws=10'
    made = {name: (out / name).stat().st_mtime_ns
            for name in ('ensembles.h5', f'models/{MODELS[0]}.pt')}
    done = phi4hpc(2, 'run', deck, '--out', out, change)
    assert done.returncode == 1
    assert done.stderr.count('was made from another deck (analyse.draws: 12 there, 10 here)') == 1
    assert 'Traceback' not in done.stderr
    done = phi4hpc(2, 'analyse', deck, '--out', out, change, '--changed')
    assert done.returncode == 0, done.stderr
    assert set(json.loads((out / 'stages.json').read_text())) == {*NAMES} - {'report'}
    assert not (out / 'report.html').exists()
    assert {name: (out / name).stat().st_mtime_ns for name in made} == made


def test_a_stage_before_its_turn_says_what_to_run(phi4hpc, deck, tmp_path):
    done = phi4hpc(2, 'train', deck, '--out', tmp_path / 'run')
    assert done.returncode == 1
    assert done.stderr.count('the stage sample is not complete; run `phi4hpc sample` first') == 1


def test_more_ranks_than_replicas_is_one_clear_error(phi4hpc, deck, tmp_path):
    done = phi4hpc(4, 'sample', deck, '--out', tmp_path / 'run', 'ladder.chains=1',
                   'lattice.sizes=[4]',
                   'ladder.tuned.rungs=3', 'train=null', 'flow=null')
    assert done.returncode == 1
    assert done.stderr.count('phi4hpc: ') == 1
    assert 'Traceback' not in done.stderr


def test_means_do_not_depend_on_ranks_or_driver(finished, phi4hpc, deck, tmp_path):
    for stage in 'sample', 'measure':
        done = phi4hpc(3, stage, deck, '--out', tmp_path / 'run', 'storage.driver=virtual')
        assert done.returncode == 0, done.stderr
    runs = finished[0], tmp_path / 'run'
    one, other = (json.loads((out / 'results.json').read_text()) for out in runs)
    assert one['ensembles'] == other['ensembles']
    with Ensembles(runs[0] / 'ensembles.h5') as a, Ensembles(runs[1] / 'ensembles.h5') as b:
        assert (a[8].phi[...] == b[8].phi[...]).all()


def test_a_deck_without_train_samples_and_reports(phi4hpc, deck, tmp_path):
    done = phi4hpc(1, 'run', deck, '--out', tmp_path / 'run', 'train=null', 'flow=null',
                   'lattice.sizes=[4]')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'run' / 'report.html').exists()
    assert not (tmp_path / 'run' / 'latent.h5').exists()


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
    results = open_run(out).results
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
    levels = open_run(out).results['transition']['levels']
    one, other = (level['kappa'] for level in levels if level['L'] == 8)
    both = one + other
    both.gamma_method()
    assert both.dvalue != (one.dvalue**2 + other.dvalue**2) ** 0.5


def test_means_of_draws_are_those_of_results_and_know_what_they_share(finished):
    out, _ = finished
    run = open_run(out)
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
