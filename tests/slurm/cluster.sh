#!/usr/bin/env bash
# A real Slurm on this machine, as root, with nothing under /etc: cluster.sh start|stop DIR
#
# Two virtual nodes of as many cores as the machine has, each in namespaces of its own: name, /dev/shm and PMIx folder,
# so that ranks on one share no memory with ranks on the other. Each pretends to have two GPUs: Slurm deals them out, and
# nothing computes on them. Needs slurm-wlm and munge of Debian.

set -euo pipefail

action=$1
dir=$(realpath -m "$2")
host=$(hostname -s)
port=${SLURM_TEST_PORT:-27000}
cpus=$(env -u OMP_NUM_THREADS nproc)

start() {
    mkdir -p "$dir"/{state,log,run,pmix,spool}
    write_configuration
    start_munge
    export SLURM_CONF=$dir/slurm.conf
    slurmctld -c -f "$SLURM_CONF"
    for node in n1 n2; do
        mkdir -p "$dir/spool/$node"
        unshare --mount --uts bash -c "
            hostname $node
            mount -t tmpfs tmpfs '$dir/pmix'
            mount -t tmpfs tmpfs /dev/shm
            mount --bind '$dir/hosts' /etc/hosts
            exec slurmd -N $node -f '$SLURM_CONF'"
    done
    for _ in {1..120}; do
        [ "$(sinfo -h -N -o %T | grep -c '^idle$')" = 2 ] && return
        sleep 0.25
    done
    sinfo -N >&2
    echo 'the nodes did not come up' >&2
    exit 1
}

start_munge() {
    munge -n >/dev/null 2>&1 && return
    mkdir -p /run/munge
    chown munge:munge /run/munge
    runuser -u munge -- munged --pid-file=/run/munge/munged.pid
    cp /run/munge/munged.pid "$dir/run/"
}

write_configuration() {
    { cat /etc/hosts; printf '127.0.0.1 %s\n' n1 n2; } >"$dir/hosts"
    echo 'CgroupPlugin=cgroup/v1' >"$dir/cgroup.conf"
    echo "PMIxCliTmpDirBase=$dir/pmix" >"$dir/mpi.conf"
    echo 'NodeName=n[1-2] Name=gpu File=/dev/tty[1-2]' >"$dir/gres.conf"
    cat >"$dir/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=3600
ReturnToService=2
GresTypes=gpu
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=$cpus RealMemory=2000 Gres=gpu:2
PartitionName=batch Nodes=ALL Default=YES MaxTime=24:00:00 State=UP
CONF
}

stop() {
    SLURM_CONF=$dir/slurm.conf scancel --user=root || true
    for pid in "$dir"/run/*.pid; do
        [ ! -f "$pid" ] || kill "$(<"$pid")" || true
    done
}

"$action"
