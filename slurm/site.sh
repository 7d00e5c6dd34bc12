# The one file that a cluster edits. pipeline.sh reads it on the login node, stage.sh in every job.

# Modules that bring an MPI, its parallel HDF5, a C++ compiler, Python 3.11 or newer and, for GPUs,
# CUDA.
modules=()                      # modules=(gcc openmpi hdf5-mpi python cuda)

# Options of sbatch for every job, and for one stage each. A stage that takes longer than its time
# is queued again.
every_job=()                    # every_job=(--account=phys)
sample_job=(--time=12:00:00)    # sample_job=(--time=12:00:00 --nodes=4 --partition=compute)
measure_job=(--time=02:00:00)   # a job of its own: it needs no GPU, and seldom as many cores
train_job=(--time=06:00:00)
analyse_job=(--time=02:00:00)
flow_job=(--time=02:00:00)
report_job=(--time=00:30:00)

# cpu: a rank is a core. gpu: a rank is a GPU (slurm/cpu.sbatch, slurm/gpu.sbatch).
sample_on=cpu
measure_on=cpu
train_on=cpu
analyse_on=cpu
flow_on=cpu
report_on=cpu

# MPI ranks of a stage; `sample` takes no more than there are replicas, lattices x chains x kappas.
sample_ranks=2
measure_ranks=2
train_ranks=2
analyse_ranks=2
flow_ranks=2
report_ranks=1

# What starts the ranks within a job: srun with the PMI that the MPI was built for, or mpirun.
launcher=(srun --mpi=pmix)      # launcher=(mpirun)

# yes: install torch and CuPy for GPUs, though the login node may have none.
export PHI4HPC_GPU=no

if [ ${#modules[@]} -gt 0 ]; then
    module load "${modules[@]}"
fi
