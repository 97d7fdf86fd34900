# needs: gcc make
mkdir /tmp/project && cd /tmp/project || exit 1
cp /programs/project/* .
measure compile 10000 make CC=gcc
[ "$(./program)" = "$(cat result)" ] || echo 'failed compile: the program is wrong'
