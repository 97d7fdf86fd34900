# packages: util-linux
want 'Architecture: .*86' lscpu
want 'Core\(s\) per socket: *[1-9]' lscpu
want '/proc .*proc' findmnt
want '^PID|COMMAND|^$' lslocks
want 'SCHED_OTHER' chrt -p $$
want 'SCHED_FIFO' chrt -f 5 sh -c 'chrt -p $$'
want 'SCHED_BATCH' chrt -b 0 sh -c 'chrt -p $$'
want 'none: prio|best-effort' ionice -p $$
want 'idle' ionice -c 3 ionice
want 'mask: [1-9f]' taskset -p $$
want 'NOFILE' prlimit
want 'Shared Memory Segments' ipcs -m
want '^Shared memory id: [0-9]+' ipcmk -M 4096
want '^i686$' setarch i686 uname -m
want 'is a mountpoint' mountpoint /proc
want '^locked$' flock /tmp/lock echo locked
want '00000000  72 6f 6f 74' hexdump -C /etc/passwd
want '^[0-9a-f]{32}$' mcookie
want 'value: 0' choom -p $$
want 'in a pty' script -qc 'echo in a pty' /dev/null
want 'dmesg|Linux version' dmesg
want 'RES' fincore /etc/passwd
want '^cba$' sh -c 'echo abc | rev'
want '^$' fallocate -l 1M /tmp/fallocated
want '^$' sh -c 'mkdir -p /mnt && mount -t tmpfs none /mnt && umount /mnt'
want 'MSGMNI' lsipc
want ' -- ' getopt -o ab: -- -a -b 3 file
want '^a  *b' sh -c 'echo a:b | column -t -s:'
