# packages: nginx
# builds: x86_64
mkdir -p /tmp/web/site /tmp/web/logs
seq 1 100000 >/tmp/web/site/numbers
echo hello >/tmp/web/site/index.html
cat >/tmp/web/nginx.conf <<'X'
worker_processes 2;
user root;
pid /tmp/web/pid;
error_log /tmp/web/logs/error;
events { worker_connections 64; }
http {
	access_log /tmp/web/logs/access;
	sendfile on;
	client_body_temp_path /tmp/web/body; proxy_temp_path /tmp/web/proxy; fastcgi_temp_path /tmp/web/fcgi; uwsgi_temp_path /tmp/web/uwsgi; scgi_temp_path /tmp/web/scgi;
	server { listen 127.0.0.1:8081; root /tmp/web/site; location /again { proxy_pass http://127.0.0.1:8081/; } }
}
X
get() { python3.11 -c 'import sys,urllib.request as u; sys.stdout.write(u.urlopen(sys.argv[1]).read().decode())' "$1"; }
want 'test is successful' nginx -t -p /tmp/web -c /tmp/web/nginx.conf
want '' nginx -p /tmp/web -c /tmp/web/nginx.conf
want '^hello$' get http://127.0.0.1:8081/
want '^hello$' get http://127.0.0.1:8081/again
want "^$(md5sum </tmp/web/site/numbers)$" eval 'get http://127.0.0.1:8081/numbers | md5sum'
want '' nginx -p /tmp/web -c /tmp/web/nginx.conf -s reload
want '^hello$' get http://127.0.0.1:8081/
want 'GET /numbers HTTP/1.1" 200 588895' cat /tmp/web/logs/access
want '' nginx -p /tmp/web -c /tmp/web/nginx.conf -s quit
