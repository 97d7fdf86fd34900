# packages: less
want 'root:x' less /etc/passwd
want 'in less' script -qc 'echo in less | less -E -X' /dev/null
