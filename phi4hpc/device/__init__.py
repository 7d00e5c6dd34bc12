"""Where fields live and kernels run: the host, by its C++ compiler, or a GPU, by CuPy, behind one
interface."""
