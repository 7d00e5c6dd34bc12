// The kernels' exponential, of many numbers.

extern "C" __global__ void exponential(const real *x, real *y, int count)
{
    for (int i = threadIdx.x; threadIdx.y == 0 && i < count; i += blockDim.x)
        y[i] = exp_(x[i]);
}
