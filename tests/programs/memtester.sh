# packages: memtester
# builds: x86_64
want 'Done\.' memtester 2M 1
