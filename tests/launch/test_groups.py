"""Groups of ranks that train models of their own: what befalls one of them reaches all, and none
loses what it learned.
"""

import json

from tests.jobs import finish, kill, ranks_of, wait_for

MODELS = ['L008_k0.269_dense_d16_hidden32', 'L008_k0.269_dense_d15_hidden32']
LONG = 'train.epochs=500', 'train.patience=500', 'checkpoint.interval=0.01', '--changed'


def written(out, model):
    """Return the checkpoints that a training has."""
    return {path.parent.name for path in out.glob(f'models/{model}.ckpt/[0-9]*/manifest.json')}


def test_a_file_named_stop_and_a_killed_rank_end_all_groups_and_the_same_command_goes_on(
        phi4hpc, start, deck, tmp_path):
    out = tmp_path / 'run'
    assert phi4hpc(2, 'sample', deck, '--out', out).returncode == 0

    def both_at_work():
        """Start a job, and return it when both groups have written a checkpoint of their own."""
        before = {model: written(out, model) for model in MODELS}
        job = start(out, *LONG, deck=deck, ranks=2, command='train')
        wait_for(lambda: all(written(out, model) - before[model] for model in MODELS), job)
        return job

    job = both_at_work()
    (out / 'STOP').touch()
    said = finish(job, code=75)
    assert said.count('phi4hpc: stopped in ') == 1
    assert not (out / 'STOP').exists()
    kill(job := both_at_work(), [ranks_of(job)[1]])
    assert job.returncode != 0
    assert not list(out.glob('models/*dense*.json'))
    (out / 'STOP').touch()             # while no run is at work, so it stops none
    said = finish(start(out, *LONG, deck=deck, ranks=2, command='train'))
    assert f'{out}/STOP was there before this run began, and is removed' in said
    assert f'resuming {out}/models/{MODELS[0]}.ckpt' in said
    records = [json.loads((out / 'models' / f'{model}.json').read_text()) for model in MODELS]
    assert [len(record['train_losses']) for record in records] == [500, 500]
    assert not list(out.glob('models/*.ckpt'))
