# packages: findutils
want '/etc/passwd' find /etc -name passwd
want '[0-9]+' sh -c 'find / -xdev -type f -size +1k -printf "%s %p\n" | wc -l'
want '^b a
d c$' sh -c 'printf "a b c d" | xargs -n 2 sh -c "echo \$1 \$0"'
want '^4$' sh -c 'seq 4 | xargs -P 4 -n 1 echo | wc -l'
want '^$' sh -c 'mkdir -p /tmp/ff/a; touch /tmp/ff/a/x; find /tmp/ff -newer /etc/passwd -type f -exec rm {} +; rmdir /tmp/ff/a /tmp/ff'
