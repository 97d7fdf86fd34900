# packages: numactl
# machine: --append numa=fake=2
want 'available: [1-9] node' numactl -H
want 'node 0 size: [0-9]+ MB' numactl -H
want '^ok$' numactl --membind=0 sh -c 'echo ok'
want '^ok$' numactl --interleave=all sh -c 'echo ok'
want 'policy: default' numactl -s
want 'numa_hit' numastat
