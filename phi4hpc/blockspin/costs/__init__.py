"""The costs of training, a file each, by the contract in blockspin/cost.py."""
