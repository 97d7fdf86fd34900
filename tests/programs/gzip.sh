# packages: gzip
want '^$' sh -c 'seq 100000 >/tmp/g; gzip -k /tmp/g; gzip -t /tmp/g.gz; zcat /tmp/g.gz | cmp - /tmp/g; rm /tmp/g /tmp/g.gz'
