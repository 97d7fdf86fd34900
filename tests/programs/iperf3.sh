# packages: iperf3
# builds: x86_64
iperf3 -s -p 5201 >/tmp/iperf.log 2>&1 &
server=$!
client() { for _ in 1 2 3 4 5 6 7 8 9 10; do iperf3 -c 127.0.0.1 -p 5201 "$@" && return; sleep 0.3; done; }
want 'iperf Done' client -n 20M
want 'iperf Done' client -n 20M -R
want 'iperf Done' client -n 20M -P 4
want 'iperf Done' client -u -b 10M -n 1M
want '^$' kill $server
