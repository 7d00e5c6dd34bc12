# Sourced before mpirun or srun: what ranks need to know, each with its reason, and how a script
# starts them.

# How many cores this process may use; nproc would take the number of threads below for it.
cores=$(env -u OMP_NUM_THREADS nproc)

# A rank is a core: threads of BLAS or torch beside that make a training step five to ten times
# slower.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

# What follows is for this machine alone. In a Slurm allocation the cluster chooses network, cores
# and binding.
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

    # The rank that failed says why; Open MPI 4 would bury that under thirty lines of its own.
    export OMPI_MCA_orte_execute_quiet=1
fi

# launch COMMAND ...: runs it to its end and hands it the signals sent to this script, which a shell
# would hold back.
launch() {
    local signal child
    # It gets a process group of its own: else Ctrl-C would reach mpirun twice, which then kills.
    set -m
    "$@" </dev/null &
    set +m
    child=$!
    for signal in HUP USR1 USR2; do
        # shellcheck disable=SC2064
        trap "kill -$signal -- $child 2>/dev/null" "$signal"
    done
    # At TERM and INT mpirun would kill the ranks, and not return their status; at USR2 they write a
    # checkpoint and end. Whoever presses Ctrl-C twice does not want to wait for that.
    # shellcheck disable=SC2064
    trap "kill -USR2 -- $child 2>/dev/null" TERM
    # shellcheck disable=SC2064
    trap "trap 'kill -INT -- $child 2>/dev/null' INT
        printf '\n%s\n' 'stopping with a checkpoint; Ctrl-C once more ends it at once' >&2
        kill -USR2 -- $child 2>/dev/null" INT
    # wait returns at each signal, too; once the child is gone it returns the child's own status.
    while wait "$child" || true; kill -0 "$child" 2>/dev/null; do :; done
    trap - INT TERM HUP USR1 USR2
    wait "$child"
}

# How often the system has killed a process for want of memory since it was started.
memory_kills() { sed -n 's/^oom_kill //p' /proc/vmstat 2>/dev/null; }
memory_kills_before=$(memory_kills)

# ending CODE: prints in words how a launched command ended; a rank may have had no chance to.
ending() {
    local killed='a rank was killed (signal KILL), by hand or for want of memory'
    local advice='start fewer ranks, or ask for more memory'
    advice+=' (phi4hpc check says how much a rank takes)'
    [ "$(memory_kills)" = "$memory_kills_before" ] ||
        killed='the system killed a rank for want of memory'
    case $1 in
        75) echo 'stopped; the same command goes on' ;;
        9 | 137) echo "$killed: $advice; the same command then goes on" ;;
        *) printf 'the run ended with exit status %s' "$1"
            [ "$1" -le 128 ] || printf ', by signal %s' "$(kill -l "$1")"
            echo ;;
    esac
}
