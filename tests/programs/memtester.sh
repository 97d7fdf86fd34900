# packages: memtester
want 'Done\.' memtester 2M 1
