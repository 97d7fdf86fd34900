# packages: redis-server redis-tools
# builds: x86_64
mkdir -p /tmp/redis && cd /tmp/redis || exit 1
redis-server --port 6379 --save '' --appendonly yes --dir /tmp/redis >/tmp/redis/log 2>&1 &
server=$!
want PONG sh -c 'until redis-cli ping | grep PONG; do sleep 0.1; done'
want '^OK$' redis-cli set a b
want '^b$' redis-cli get a
want '^1000$' redis-cli eval 'for i = 1, 1000 do redis.call("rpush", "l", i) end return redis.call("llen", "l")' 0
want 'SET: .* requests per second.*GET: .* requests per second' redis-benchmark -q -n 2000 -c 20 -t set,get
want 'Background saving started' redis-cli bgsave
want 'rdb_last_bgsave_status:ok' sh -c 'while redis-cli info persistence | grep rdb_bgsave_in_progress:1; do sleep 0.1; done; redis-cli info persistence'
want 'Background append only file rewriting started' redis-cli bgrewriteaof
want 'aof_last_bgrewrite_status:ok' sh -c 'while redis-cli info persistence | grep aof_rewrite_in_progress:1; do sleep 0.1; done; redis-cli info persistence'
want '' redis-cli shutdown save
wait $server
want 'Checksum OK' redis-check-rdb dump.rdb
