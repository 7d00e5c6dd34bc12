"""The families of autoencoders, a file each, by the contract in blockspin/family.py."""
