"""The interface that gloo takes: the loopback on one machine, on several one that all have."""

import os
import socket
from types import SimpleNamespace

import pytest

from phi4hpc.errors import UserError
from phi4hpc.logs import log
from phi4hpc.parallel import network


@pytest.fixture
def variable(monkeypatch):
    """Let this be n1, with two interfaces, and return a function that sets the variable."""
    monkeypatch.setattr(socket, 'gethostname', lambda: 'n1')
    monkeypatch.setattr(socket, 'if_nameindex', lambda: [(1, 'lo'), (2, 'ib0')])
    return lambda value: monkeypatch.setenv('GLOO_SOCKET_IFNAME', value)


def with_ranks(*others):
    """Return the communicator of rank 0, whose other ranks say (host, fault)."""
    return SimpleNamespace(allgather=lambda own: [own, *others])


def test_on_one_machine_it_is_the_loopback_whatever_the_variable_says(variable, monkeypatch):
    warned = []
    monkeypatch.setattr(log, 'warning', lambda line, *args: warned.append(line % args))
    variable('eth9')
    assert network.host_of_first(with_ranks(('n1', ''))) == '127.0.0.1'
    assert os.environ['GLOO_SOCKET_IFNAME'] == 'lo'
    assert warned == ['GLOO_SOCKET_IFNAME=eth9: n1 has no network interface eth9, only lo, ib0; '
                      'taking lo']


@pytest.mark.parametrize('named', ['', 'ib0', 'lo,ib0'])
def test_on_several_machines_it_is_the_one_that_is_named(variable, named):
    variable(named)
    assert network.host_of_first(with_ranks(('n2', ''))) == 'n1'
    assert os.environ['GLOO_SOCKET_IFNAME'] == named


@pytest.mark.parametrize(('named', 'others', 'said'), [
    ('eth9', [('n2', '')], 'GLOO_SOCKET_IFNAME=eth9: n1 has no network interface eth9, only lo, '
                           'ib0; set it to one'),
    ('ib0', [('n2', ''), ('n3', 'n3 lacks it')],
     'n3 lacks it; set it to one that all machines have')])
def test_one_that_a_machine_lacks_is_told_before_anything_is_trained(variable, named, others, said):
    variable(named)
    with pytest.raises(UserError, match=said):
        network.host_of_first(with_ranks(*others))
