# packages: procps
want 'Mem: .*[0-9]+ .*Swap:' free -m
want 'Committed|Comm:' free -v -h
want 'swpd' vmstat 1 2
want 'K total memory' vmstat -s
want 'inode_cache' vmstat -m
want 'Address +Perm' pmap -X $$
want 'Address +Perm.*VmFlags' pmap -XX $$
want 'total .*[0-9]+K' pmap $$
want 'Active / Total Objects' slabtop -o
want 'load average' top -b -n 1
want 'root .* ps aux' ps aux
want 'PID +PPID' ps -ef
want 'LWP' ps -eLf
want 'CMD' ps axo pid,ppid,pri,ni,vsz,rss,pcpu,pmem,stat,wchan,tty,lstart,cmd
want 'load average' uptime
want '^[0-9]+' pgrep bash
want '^$' sh -c 'sleep 100 & pkill sleep; wait; true'
want 'init|systemd' ps -p 1 -o comm=
want "^$$: /" pwdx $$
want 'vm.swappiness = [0-9]+' sysctl vm.swappiness
want '[0-9]' sysctl -a
want 'TTY' w
want '^[0-9]+' pidof init
