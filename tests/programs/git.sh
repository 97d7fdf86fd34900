# packages: git
# builds: x86_64
export HOME=/tmp GIT_PAGER=cat
want '^$' git config --global user.email a@b
want '^$' git config --global user.name n
mkdir -p /tmp/repo && cd /tmp/repo || exit 1
want 'Initialized' git init
seq 1000 >numbers
want '^$' git add numbers
want '1 file changed, 1000 insertions' git commit -m one
want '1 file changed, 1 deletion' sh -c 'seq 2 1000 >numbers; git commit -am two'
want '^2$' git rev-list --count HEAD
want '' git gc
want '^(notice.*)?$' git fsck --full
want "done\." git clone /tmp/repo /tmp/other
want ' numbers \| 1 -' git -C /tmp/other diff --stat HEAD~1
