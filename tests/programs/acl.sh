# packages: acl attr tar
cd /tmp && mkdir -p acl/d && echo hi >acl/d/f
want '^$' setfacl -m u:1000:rw,g:50:r acl/d/f
want 'user:1000:rw-.*group:50:r--.*mask::rw-' getfacl -cp acl/d/f
want '^$' setfacl -d -m u:1000:rwx acl/d
want 'user:1000:rwx.*effective:rw-' sh -c 'touch acl/d/new && getfacl -cp acl/d/new'
want '^$' chmod 600 acl/d/f
want 'user:1000:rw-.*effective:---' getfacl -cp acl/d/f
want 'user:1000:rw-' sh -c 'cp -a acl copy && getfacl -cp copy/d/f'
want 'user:1000:rw-' sh -c 'tar --acls -cf acl.tar acl && mkdir -p out && tar --acls -C out -xf acl.tar && getfacl -cp out/acl/d/f'
want '^$' setfattr -n trusted.colour -v green acl/d/f
want 'trusted.colour="green"' getfattr --absolute-names -d -m - acl/d/f
want '^$' setfacl -b acl/d/f
want '^user::rw-\s*group::---\s*other::---\s*$' getfacl -cp acl/d/f
