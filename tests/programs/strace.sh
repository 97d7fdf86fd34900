# packages: strace
want 'execve\("' strace true
want 'openat\(AT_FDCWD, "/etc/passwd", O_RDONLY' strace -e trace=openat cat /etc/passwd
want '\+\+\+ exited with 0 \+\+\+' strace -f sh -c 'cat /etc/passwd | wc -l'
want 'SIGCHLD \{si_signo=SIGCHLD, si_code=CLD_EXITED' strace sh -c 'cat /etc/passwd; :'
want '% time .* total' strace -c cat /etc/passwd
want 'si_signo=SIGUSR1, si_code=SI_USER' strace sh -c 'trap "" HUP; trap : USR1; kill -USR1 $$; :'
