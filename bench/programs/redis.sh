# needs: redis-server redis-benchmark redis-cli
redis-server --save '' --port 6379 --logfile /tmp/redis.log &
for _ in 1 2 3 4 5 6 7 8 9 10; do
	redis-cli ping >/dev/null 2>&1 && break
	sleep 1
done
measure redis_set 2000 redis-benchmark -q -t set -n 2000 -c 10
measure redis_get 2000 redis-benchmark -q -t get -n 2000 -c 10
redis-cli shutdown nosave
wait
