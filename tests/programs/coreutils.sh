# packages: coreutils
cd "$(mktemp -d)" || exit 1
want '^$' touch a b c
want 'a *b *c|a
b
c' ls
want '^-rw-r--r-- 1 root root 0 .* a$' ls -l a
want '^$' cp -a a d
want '^$' ln -s a link
want '^a$' readlink link
want '^$' mv d e
want '^$' mkdir -p x/y/z
want '^$' rm -r x
want 'regular empty file' stat a
want 'e3b0c44298fc1c149afbf4c8996fb924' sha256sum a
want '1\+0 records out' dd if=/dev/zero of=big bs=1M count=1
want '^1048576 big$' stat -c '%s %n' big
want '^1\.0M|^1024' du -h big
want 'tmpfs|rootfs' df -T .
want '^1\+2\+3$' sh -c 'seq 3 | paste -sd+'
want '^3
2
1$' sh -c 'seq 3 | tac'
want '^a
b$' sh -c 'printf "b\na\nb\n" | sort -u'
want '^aGVsbG8K$' sh -c 'echo hello | base64'
want 'uid=0\(root\)' id
want '^[1-8]$' nproc
want 'Linux' uname -a
want '^$' timeout 5 true
want '^124$' sh -c 'timeout 0.2 sleep 5; echo $?'
want '^ *2 +4 ' sh -c 'printf "a b\nc d\n" | wc'
want '00000' od -A x /etc/passwd
want '^10K$' sh -c 'echo 10240 | numfmt --to=iec'
want '^$' truncate -s 10M sparse
want '^0 ' stat -c '%b %n' sparse
want '^$' shred -n 1 -u big
want '^x
y$' sh -c 'printf "x\ny\n" | tee t'
want '^$' install -m 640 t t2
want '640' stat -c %a t2
want '^$' mkfifo ff
want 'fifo' stat -c %F ff
want '^$' mknod nn c 1 3
want '20[0-9][0-9]' date
want '^nice 5$' sh -c 'nice -n 5 sh -c "echo nice \$(nice)"'
want 'split' sh -c 'seq 1000 >s; split -l 100 s p_; ls p_* | wc -l | sed s/10/split/'
want '^$' sync
want 'rows|speed' sh -c 'stty -a </dev/console'
want '12345' stdbuf -oL echo 12345
