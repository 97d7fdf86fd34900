# packages: sqlite3
# builds: x86_64
db=/tmp/test.db
want '^1000$' sqlite3 $db 'create table t(a integer primary key, b text); with recursive n(i) as (select 1 union all select i+1 from n where i<1000) insert into t select i, hex(randomblob(50)) from n; select count(*) from t'
want '^wal$' sqlite3 $db 'pragma journal_mode=wal'
want '^2000$' sqlite3 $db 'insert into t(b) select b from t; select count(*) from t'
want '^268435456' sqlite3 $db 'pragma mmap_size=268435456'
want 'ok$' sqlite3 $db 'pragma mmap_size=268435456; create index i on t(b); pragma integrity_check'
want 'ok$' sqlite3 $db 'vacuum; pragma integrity_check'
want '^2000$' sh -c "sqlite3 $db .dump | sqlite3 /tmp/copy.db && sqlite3 /tmp/copy.db 'select count(*) from t'"
