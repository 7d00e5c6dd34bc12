"""Block spins of the flow, one a file, found by their names; flow/block.py has the contract."""
