// The kernels' logarithm and cosine, of many numbers: y holds the logarithms, then the cosines.

extern "C" __global__ void functions(const real *x, real *y, int count)
{
    for (int i = threadIdx.x; threadIdx.y == 0 && i < count; i += blockDim.x) {
        y[i] = log_(x[i]);
        y[count + i] = cos_((real)8 * x[i] - (real)1.6);
    }
}
