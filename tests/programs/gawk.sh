# packages: gawk
want '^5050$' gawk 'BEGIN { for (i = 1; i <= 100; i++) s += i; print s }'
want '^root 0$' gawk -F: '$1 == "root" { print $1, $3 }' /etc/passwd
want '^c b a$' gawk 'BEGIN { n = split("a b c", x); for (i = n; i; i--) printf "%s%s", x[i], (i > 1 ? " " : "\n") }'
want '20[0-9]+' gawk 'BEGIN { print strftime("%Y") }'
want '^3$' gawk 'BEGIN { "seq 3 | tail -n1" | getline x; print x }'
