# packages: bash
want '^6 b-c 3 xyz$' bash -c 'a=(1 2 3); declare -A m=([k]=b-c); echo $((a[0]+a[1]+a[2])) ${m[k]} ${#a[@]} $(echo xyz)'
want '^one two$' bash -c 'cat <(echo one) <(echo two) | tr "\n" " " | sed "s/ $//"'
want 'caught TERM' bash -c 'trap "echo caught TERM; exit 0" TERM; kill $$; sleep 5'
want '^done 3$' bash -c 'sleep 0.1 & (exit 3) & p=$!; wait $p; echo done $?'
want '^hello$' bash -c 'coproc C { read x; echo $x; }; echo hello >&"${C[1]}"; read y <&"${C[0]}"; echo $y'
want 'unlimited|[0-9]' bash -c 'ulimit -a'
want '^4$' bash -c 'set -o pipefail; seq 4 | while read x; do y=$x; done; seq 4 | tail -n1'
want 'here 42' bash -c 'cat <<X
here $((6*7))
X'
