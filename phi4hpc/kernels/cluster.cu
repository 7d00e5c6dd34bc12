// Embedded clusters (Brower and Tamayo, PRL 62 (1989) 1087): the algorithm of Swendsen and Wang
// on the signs of the field. Neighbours of like sign are bound with probability 1 - exp(-4 kappa
// phi phi'), and every cluster changes its sign with probability 1/2.
//
// Sites are numbered (colour L + y) HALF + x. The root of a cluster is its smallest site, which
// names the cluster and for which its sign is drawn: neither depends on the order in which
// threads work. Every link joins an odd site to an even one. So the four words of an odd site's
// Philox call decide on its four links, and only even sites are ever united with one another.

#include "words.cuh"

constexpr int SITES = L * L;
constexpr unsigned BONDS = 0, SIGNS = 1;                       // draws

// Return the root of a site. Labels only ever fall, so the path ends; it is halved on the way.
__device__ inline int root_of(int *labels, int site)
{
    for (int up = look(labels + site), next; site != up; site = next, up = look(labels + site)) {
        next = look(labels + up);
        if (next != up)
            atomicMin(labels + site, next);
    }
    return site;
}

// Unite the clusters of two sites, and return a site of the united cluster, mostly its root.
// Where another thread has hung the larger root elsewhere meanwhile, the loop goes on with that
// place.
__device__ inline int unite(int *labels, int a, int b)
{
    while ((a = root_of(labels, a)) != (b = root_of(labels, b))) {
        const int high = a < b ? b : a, low = a < b ? a : b;
        a = atomicMin(labels + high, low);
        if (a == high)
            return low;
        b = low;
    }
    return a;
}

// Return whether a link binds. `pull` is -4 kappa phi of one end, `phi` is the field at the
// other. Ends of unlike sign are never bound.
__device__ inline int binds(real pull, real phi, unsigned word)
{
    const real log = pull * phi;
    return exp_(log < 0 ? log : 0) < uniform(word, log);
}

// Decide on the four links of the odd sites of a row. Bits 0 to 3 of a site's bonds stand for the
// even sites in the same column of the row, in the next column of the row, below and above.
__device__ inline void bind_row(unsigned char *__restrict__ bonds, const real *__restrict__ row,
                                const real *__restrict__ side, const real *__restrict__ down,
                                const real *__restrict__ up, int shift, real four_kappa,
                                words counter, unsigned key0, unsigned key1)
{
    const row_of_words drawn = draw_row(counter, key0, key1);
    for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
        const words random = words_at(drawn, x);
        const real pull = -four_kappa * row[x];
        bonds[x] = binds(pull, side[x], random.x) | binds(pull, side[x + shift], random.y) << 1
            | binds(pull, down[x], random.z) << 2 | binds(pull, up[x], random.w) << 3;
    }
}

// Unite the even sites that each odd site of row y is bound to. The label of an odd site becomes
// a site of its cluster, or its own number where it is bound to none.
__device__ inline void unite_row(int *labels, const unsigned char *bonds, int y)
{
    const int shift = shift_of(1, y);
    for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
        const int aside = (x + shift + HALF) % HALF;
        const int even[4] = {y * HALF + x, y * HALF + aside, below(y) * HALF + x,
                             above(y) * HALF + x};
        int left = bonds[x], label = left ? even[lowest_bit(left)] : SITES / 2 + y * HALF + x;
        for (left &= left - 1; left > 0; left &= left - 1)
            label = unite(labels, label, even[lowest_bit(left)]);
        labels[SITES / 2 + y * HALF + x] = label;
    }
}

// Draw a sign for every site of one row in each quarter of the lattice, four to a call of Philox.
// Only those of roots are used.
__device__ inline void draw_signs(real *__restrict__ signs, words counter, unsigned key0,
                                  unsigned key1)
{
    const row_of_words drawn = draw_row(counter, key0, key1);
    for (int x = threadIdx.x; x < HALF; x += blockDim.x) {
        const words random = words_at(drawn, x);
        signs[x] = random.x >> 31 ? -1 : 1;
        signs[x + SITES / 4] = random.y >> 31 ? -1 : 1;
        signs[x + SITES / 2] = random.z >> 31 ? -1 : 1;
        signs[x + SITES / 4 * 3] = random.w >> 31 ? -1 : 1;
    }
}

extern "C" __global__ void cluster(real *__restrict__ fields, const double *__restrict__ kappas,
                                   const int *__restrict__ replicas, unsigned seed,
                                   unsigned first_sweep, int sweeps, int *all_labels,
                                   real *all_signs, unsigned char *all_bonds)
{
    const int r = replica(), thread = thread_of_replica(), threads = threads_of_replica();
    const size_t slot = scratch_slot_of(r);
    real *field = fields + (size_t)r * REPLICA, *signs = all_signs + slot * SITES;
    int *labels = all_labels + slot * SITES;
    unsigned char *bonds = all_bonds + slot * (SITES / 2);
    const unsigned key1 = STREAM | L << 8, id = replicas[r];
    for (unsigned sweep = first_sweep; sweep != first_sweep + sweeps; ++sweep) {
        for (int site = thread; site < SITES / 2; site += threads)
            labels[site] = site;
        for (int y = first_row(); y < L / 2; y += row_stride())
            draw_signs(signs + y * HALF, {(unsigned)y * HALF, sweep, id, SIGNS}, seed, key1);
        sync_replica();
        for (int y = first_row(); y < L; y += row_stride()) {
            bind_row(bonds + y * HALF, row_of(field, 1, y), row_of(field, 0, y),
                     row_of(field, 0, below(y)), row_of(field, 0, above(y)), shift_of(1, y),
                     4 * kappas[r], {(unsigned)(L + y) * HALF, sweep, id, BONDS}, seed, key1);
            unite_row(labels, bonds + y * HALF, y);
        }
        sync_replica();
        // A single thread meets sites in their order, so two steps bring it to the root. That
        // takes no branch, which no CPU could predict.
        for (int site = thread; site < SITES; site += threads)
            atomicMin(labels + site, root_of(labels, look(labels + look(labels + site))));
        sync_replica();
        for (int y = first_row(); y < 2 * L; y += row_stride()) {
            real *row = row_of(field, 0, y);
            for (int x = threadIdx.x; x < HALF; x += blockDim.x)
                row[x] *= signs[labels[y * HALF + x]];
            close_row(row);
        }
        sync_replica();
    }
}
