# needs: sqlite3
db=/tmp/test.db
echo 'create table t(a integer primary key, b text);' | sqlite3 $db
awk 'BEGIN { for (i = 0; i < 500; i++) printf "insert into t(b) values(\x27%032d\x27);\n", i * i }' >/tmp/each.sql
{ echo 'begin;'; cat /tmp/each.sql /tmp/each.sql /tmp/each.sql /tmp/each.sql; echo 'commit;'; } >/tmp/all.sql
measure sqlite_insert 500 sqlite3 $db '.read /tmp/each.sql'
measure sqlite_bulk 2000 sqlite3 $db '.read /tmp/all.sql'
