"""HDF5 files: one layout, written by whichever driver the machine affords, read by one reader."""
