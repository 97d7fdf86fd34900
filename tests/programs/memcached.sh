# packages: memcached
# builds: x86_64
memcached -u root -l 127.0.0.1 -p 11211 -m 16 -t 4 &
server=$!
ask() { python3.11 -c '
import socket, sys, time
for _ in range(100):
    try:
        s = socket.create_connection(("127.0.0.1", 11211)); break
    except OSError:
        time.sleep(0.1)
s.sendall(sys.argv[1].encode().decode("unicode_escape").encode() + b"quit\r\n")
while b := s.recv(65536):
    sys.stdout.write(b.decode())' "$1"; }
want 'STORED.*VALUE k 0 5.*hello' ask 'set k 0 0 5\r\nhello\r\nget k\r\n'
want '^42.*43' ask 'set n 0 0 2 noreply\r\n42\r\nincr n 0\r\nincr n 1\r\n'
want 'STAT threads 4' ask 'stats\r\n'
want 'STAT curr_items 2' ask 'stats\r\n'
want '^$' kill $server
