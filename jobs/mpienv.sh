# Sourced before mpirun or srun: what ranks need to know, each with its reason. Nothing here starts anything.

# A rank is a core: threads of BLAS or torch on top of that make a training step five to ten times slower.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

# HDF5's own file locks fail on many parallel file systems, and one program writes a run directory anyway.
export HDF5_USE_FILE_LOCKING=FALSE

# Below: this machine alone. In a Slurm allocation, network, cores and binding are the cluster's to choose.
if [ -z "${SLURM_JOB_ID:-}" ]; then
    # In a container one is root, and Open MPI asks twice.
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

    # More ranks than cores is allowed, for tests; each pair is Open MPI 4 and 5.
    export OMPI_MCA_rmaps_base_oversubscribe=1
    export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe

    # No binding: two jobs on this machine would be pinned to the same cores.
    export OMPI_MCA_hwloc_base_binding_policy=none
    export PRTE_MCA_hwloc_default_binding_policy=none
    export OMPI_MCA_mpi_yield_when_idle=1

    # Shared memory and loopback only: no fabric to probe, no firewall to meet.
    export OMPI_MCA_pml=ob1 OMPI_MCA_osc=^ucx OMPI_MCA_btl=self,vader,tcp
    export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
    export GLOO_SOCKET_IFNAME=lo
fi
