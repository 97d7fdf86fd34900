# packages: xz-utils
want '^$' sh -c 'seq 100000 >/tmp/x; xz -k /tmp/x; xz -t /tmp/x.xz; xz -dc /tmp/x.xz | cmp - /tmp/x; rm /tmp/x.xz'
want '^$' sh -c 'xz -T2 -0 -k /tmp/x; xz -dc /tmp/x.xz | cmp - /tmp/x; rm /tmp/x /tmp/x.xz'
