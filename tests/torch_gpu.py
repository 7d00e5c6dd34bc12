"""torch's GPU, pretended on a CPU, as strict as a real one.

A tensor that is put there stays in the memory of the host, but it says of itself that it is on a
GPU. So whatever mixes it with a tensor of the host, or takes it for an array of NumPy, fails as it
would there. As a program it takes a deck through the stages that compute with torch:

    python -m tests.torch_gpu DECK FOLDER
"""

import sys
from functools import wraps

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

CPU = torch.device('cpu')
GPU = 'pretended:0'
MIXED = {torch.ops.aten.copy_.default, torch.ops.aten.index.Tensor,
         torch.ops.aten.index_put_.default, torch.ops.aten._index_put_impl_.default}
"""What may take tensors of both."""


class OnGpu(torch.Tensor):
    """A tensor on the GPU; `held` has its numbers."""

    @staticmethod
    def __new__(cls, held):
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(),
            dtype=held.dtype, layout=held.layout, device=torch.device(GPU))
        made.held = held
        return made

    __torch_dispatch__ = None

    def tolist(self):
        return self.held.tolist()


class Gpu(TorchDispatchMode):
    """Carries out on the host what is asked of the GPU."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        device = kwargs.get('device') or device_of(function, args, kwargs)
        if 'device' in kwargs:
            kwargs['device'] = CPU
        plain, named = tree_map_only(OnGpu, lambda each: each.held, (args, kwargs))
        made = function(*plain, **named)
        if device == CPU:
            return made
        made = tree_map_only(torch.Tensor, OnGpu, made)
        return return_and_correct_aliasing(function, args, kwargs, made)


def device_of(function, args, kwargs):
    """Return where an operation takes place. Raises RuntimeError where its tensors disagree."""
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    if function in MIXED:
        return args[0].device
    devices = {each.device for each in tensors if each.dim()}
    if len(devices) > 1:
        raise RuntimeError(f'{function}: expected all tensors to be on the same device, but found '
                           f'at least two devices, {" and ".join(map(str, devices))}!')
    return max((each.device for each in tensors), key=str, default=CPU)


def on_the_host(function):
    """Return a function of torch that ignores GPUs, and brings its outcome to where it should be.
    """
    @wraps(function)
    def wrapped(*args, **kwargs):
        names = {'device', 'map_location'} & set(kwargs)
        device = kwargs.pop(*names) if names else CPU
        made = function(*tree_map_only(OnGpu, lambda each: each.held, args), **kwargs)
        return tree_map_only(torch.Tensor, lambda each: each.to(device), made)
    return wrapped


def begin():
    """From here on torch has a GPU."""
    _setup_privateuseone_for_python_backend('pretended')
    for name in 'tensor', 'as_tensor', 'load', 'save':
        setattr(torch, name, on_the_host(getattr(torch, name)))
    torch.autograd.set_multithreading_enabled(False)
    # `weight.data = ...` would change what OnGpu says of itself, and not its numbers.
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    Gpu().__enter__()


if __name__ == '__main__':
    begin()
    from phi4hpc.cli import main
    from phi4hpc.stages import analyse, train

    train.torch_device = analyse.torch_device = lambda device: GPU
    for stage in 'sample', 'train', 'analyse', 'flow':
        main([stage, sys.argv[1], '--out', sys.argv[2]])
