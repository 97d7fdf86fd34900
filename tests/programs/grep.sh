# packages: grep
want '^root:x' grep ^root /etc/passwd
want '^2$' sh -c 'printf "a\nb\nab\n" | grep -c a'
want 'passwd' grep -rl nobody /etc
want '^12$' sh -c 'echo x12y | grep -oP "\d+"'
