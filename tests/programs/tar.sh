# packages: tar gzip xz-utils
want '^gzip' gzip --version
want '^xz' xz --version
want 'etc/passwd' sh -c 'cd / && tar -cf /tmp/t.tar etc/passwd etc/group && tar -tf /tmp/t.tar'
want '^$' sh -c 'mkdir -p /tmp/tx && tar -C /tmp/tx -xf /tmp/t.tar && cmp /etc/passwd /tmp/tx/etc/passwd'
want '^$' sh -c 'tar -C / -czf /tmp/t.tgz etc && tar -tzf /tmp/t.tgz >/dev/null'
want '^$' sh -c 'tar -C / -cJf /tmp/t.txz etc && tar -C /tmp/tx -xJf /tmp/t.txz'
want '^$' sh -c 'tar -C / --xattrs --acls -cf /tmp/t.x.tar etc && tar -C /tmp/tx --xattrs --acls -xf /tmp/t.x.tar'
want '^$' tar -C / --diff -f /tmp/t.tar
