"""Where fields live and kernels run: the host's C++ compiler, or CuPy on a GPU, behind one interface."""
