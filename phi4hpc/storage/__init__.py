"""HDF5 files: one layout, written by whichever driver the machine affords, read by one reader."""

import os

# A run keeps others out by a lock of its own, so HDF5 takes none, which not all file systems have:
# a reader then never stands in the way of a run at work. HDF5 looks at this when h5py is imported.
os.environ.setdefault('HDF5_USE_FILE_LOCKING', 'FALSE')
