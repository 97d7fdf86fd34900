# packages: vim-tiny
want '^$' sh -c 'echo a >/tmp/v; vim.tiny -u NONE -N -es -c "%s/a/edited/" -c wq /tmp/v'
want '^edited$' cat /tmp/v
want 'edited' script -qc 'TERM=linux vim.tiny -u NONE -N -c "redraw | sleep 200m | q" /tmp/v' /dev/null
