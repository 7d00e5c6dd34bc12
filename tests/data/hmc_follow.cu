// The trajectory of hmc.cu alone, from momenta that are given.

#include "hmc.cu"

extern "C" __global__ void hmc_follow(real *fields, real *momenta, double kappa, double lambda,
                                      double step, int steps, double end, int drifts)
{
    follow(fields + (size_t)replica() * REPLICA, momenta + (size_t)replica() * REPLICA, 2 * kappa,
           lambda, step, steps, end, drifts);
}
