# packages: sed
want '^b a$' sh -c 'echo a b | sed -E "s/(.) (.)/\2 \1/"'
want '^y$' sh -c 'echo x >/tmp/s; sed -i s/x/y/ /tmp/s; cat /tmp/s'
