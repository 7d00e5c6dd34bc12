// Hybrid Monte Carlo (Duane, Kennedy, Pendleton, Roweth, Phys. Lett. B 195, 216): normal momenta,
// then a trajectory of sum p^2 / 2 + S by a reversible integrator that keeps volume, then one
// decision.
//
// An integrator makes kicks and drifts by turns, `drifts` drifts a step; its first and its last
// kick last for `end` steps. Odd sites drift before they are kicked and even ones after, so that
// a kick of either colour needs the other colour where it stands, and each site is visited once a
// drift. `accepted` gains the number of trajectories that were taken, and `gained` is the energy
// that each of them gained. `all_momenta` and `all_saved` are scratch memory, laid out like the
// fields.

#include "philox.cuh"
#include "field.cuh"

constexpr real QUARTER = 1.5707963267948966;                   // of a turn

struct pair {
    real a, b;
};

// Return two independent normal deviates from two random words (Box and Muller). Both are made
// with a cosine: a sine beside a cosine of the same angle becomes one call that compilers do not
// vectorise.
__device__ inline pair normal(unsigned first, unsigned second)
{
    const real radius = sqrt_(-2 * log_(uniform(first, real())));
    const real angle = 4 * QUARTER * uniform(second, real());
    return {radius * cos_(angle), radius * cos_(angle - QUARTER)};
}

// Draw momenta, with one Philox call for the four sites of a column in two rows.
__device__ inline void refresh(real *__restrict__ momenta, words counter, unsigned key0,
                               unsigned key1)
{
    for (int y = 2 * first_row(); y < L; y += 2 * row_stride()) {
        real *__restrict__ even = row_of(momenta, 0, y), *__restrict__ odd = row_of(momenta, 1, y);
        for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
            const words random =
                philox({counter.x + y / 2 * HALF + x, counter.y, counter.z, counter.w}, key0, key1);
            const pair low = normal(random.x, random.y), high = normal(random.z, random.w);
            even[x] = low.a;
            odd[x] = low.b;
            even[STRIDE + x] = high.a;
            odd[STRIDE + x] = high.b;
        }
    }
}

// Let one row of one colour drift, be kicked by -dS/dphi where it is then, and drift again.
__device__ inline void move_row(real *__restrict__ row, real *__restrict__ momentum,
                                const real *__restrict__ side, const real *__restrict__ down,
                                const real *__restrict__ up, int shift, real two_kappa,
                                real lambda, real before, real kick, real after)
{
    for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
        const real pull = two_kappa * (side[x] + side[x + shift] + down[x] + up[x]);
        const real phi = row[x] + before * momentum[x];
        const real p = momentum[x] + kick * (pull - 2 * phi * (1 + 2 * lambda * (phi * phi - 1)));
        momentum[x] = p;
        row[x] = phi + after * p;
    }
}

__device__ inline void move(real *field, real *momenta, int colour, real two_kappa, real lambda,
                            real before, real kick, real after)
{
    const int other = 1 - colour;
    for (int y = first_row(); y < L; y += row_stride()) {
        move_row(row_of(field, colour, y), row_of(momenta, colour, y), row_of(field, other, y),
                 row_of(field, other, below(y)), row_of(field, other, above(y)),
                 shift_of(colour, y), two_kappa, lambda, before, kick, after);
        close_row(row_of(field, colour, y));
    }
    sync_replica();
}

// Follow the equations of motion for `steps` steps of length `step`.
__device__ inline void follow(real *field, real *momenta, real two_kappa, real lambda, double step,
                              int steps, double end, int drifts)
{
    const real drift = step / drifts;
    for (int k = 0; k <= steps * drifts; ++k) {
        const bool first = k == 0, last = k == steps * drifts;
        const real kick = step * (first || last ? end : k % drifts ? 1 - 2 * end : 2 * end);
        move(field, momenta, 1, two_kappa, lambda, first ? 0 : drift, kick, 0);
        move(field, momenta, 0, two_kappa, lambda, 0, kick, last ? 0 : drift);
    }
}

// Return sum p^2 / 2 + S, S up to a constant. Even sites with all their neighbours count each
// link once.
__device__ inline double energy(real *field, real *momenta, double two_kappa, double lambda)
{
    double sum = 0;
    for (int y = first_row(); y < L; y += row_stride()) {
        const real *even = row_of(field, 0, y), *odd = row_of(field, 1, y);
        const real *down = row_of(field, 1, below(y)), *up = row_of(field, 1, above(y));
        const real *p = row_of(momenta, 0, y), *q = row_of(momenta, 1, y);
        const int shift = shift_of(0, y);
        for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
            const double a = even[x], b = odd[x], a_excess = a * a - 1, b_excess = b * b - 1;
            sum += a * a + b * b + lambda * (a_excess * a_excess + b_excess * b_excess)
                   - two_kappa * a * (b + (double)odd[x + shift] + (double)down[x] + (double)up[x])
                   + 0.5 * ((double)p[x] * p[x] + (double)q[x] * q[x]);
        }
    }
    return sum_replica(sum);
}

__device__ inline void copy(real *__restrict__ to, const real *__restrict__ from)
{
    for (int i = thread_of_replica(); i < REPLICA; i += threads_of_replica())
        to[i] = from[i];
    sync_replica();
}

// Return whether a number is finite. Its bits decide, for the host's compiler assumes that all
// are.
__device__ inline bool is_number(double number)
{
    long long bits;
    memcpy(&bits, &number, sizeof bits);
    return (bits >> 52 & 0x7ff) != 0x7ff;
}

extern "C" __global__ void hmc(real *__restrict__ fields, real *__restrict__ all_momenta,
                               real *__restrict__ all_saved, const double *__restrict__ kappas,
                               const int *__restrict__ steps, const int *__restrict__ replicas,
                               double lambda, double length, double end, int drifts, unsigned seed,
                               unsigned first, int trajectories, long long *__restrict__ accepted,
                               double *__restrict__ gained)
{
    const int r = replica();
    const unsigned number = replicas[r], key1 = STREAM | L << 8;
    const double two_kappa = 2 * kappas[r];
    const size_t slot = scratch_slot_of(r);
    real *field = fields + (size_t)r * REPLICA, *p = all_momenta + slot * REPLICA;
    real *old = all_saved + slot * REPLICA;
    for (unsigned t = 0; t < trajectories; ++t) {
        const words random = philox({0, first + t, number, 1}, seed, key1);
        // Lengths that vary keep free modes from coming back to where they were.
        const double step = length / steps[r] * (0.8 + 0.4 * uniform(random.x, 0.0));
        refresh(p, {0, first + t, number, 0}, seed, key1);
        copy(old, field);
        const double before = energy(field, p, two_kappa, lambda);
        follow(field, p, two_kappa, lambda, step, steps[r], end, drifts);
        const double gain = energy(field, p, two_kappa, lambda) - before;
        const bool take = is_number(gain) && uniform(random.y, 0.0) < exp_(gain > 0 ? -gain : 0.0);
        if (!take)
            copy(field, old);
        if (thread_of_replica() == 0) {
            accepted[r] += take;
            gained[r * trajectories + t] = gain;
        }
    }
}
