"""Which device a rank computes on. Nothing is guessed: `auto` says what it took, `cuda` without a
GPU is an error."""

from phi4hpc.device import cuda
from phi4hpc.device.device import Device
from phi4hpc.device.host import Host


def choose(name: str, local_rank: int = 0) -> tuple[Device, str]:
    """Return (device, reason) for the deck's `auto`, `host` or `cuda`.

    `local_rank`: this rank's number on its node, by which GPUs are handed out. Raises UserError
    where the device asked for is missing.
    """
    if name == 'host':
        return Host(), 'as the deck says'
    if name == 'cuda':
        return cuda.require(local_rank), 'as the deck says'
    reason = cuda.gpu_missing()
    return (Host(), reason) if reason else (cuda.Cuda(local_rank), 'there is a GPU')
