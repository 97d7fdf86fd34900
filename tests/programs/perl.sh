# packages: perl
# builds: x86_64
want '^42 [0-9]{4}$' perl -MPOSIX -e 'print 6*7, " ", strftime("%Y", gmtime), "\n"'
want '^child 7$' perl -e 'my $p = fork; exit 7 unless $p; waitpid $p, 0; print "child ", $? >> 8, "\n"'
want '^3 pipe$' perl -e 'open my $f, "-|", "echo pipe" or die; print "3 ", <$f>'
want '5d41402abc4b2a76b9719d911017c592' perl -MDigest::MD5=md5_hex -e 'print md5_hex("hello")'
want '^sum 55$' perl -Mthreads -e 'my @t = map { my $n = $_; threads->create(sub { $n }) } 1..10; my $s; $s += $_->join for @t; print "sum $s\n"'
want '^ok$' perl -MStorable -MFile::Temp=tempfile -MTime::HiRes=sleep -e '($f, $n) = tempfile; Storable::store({a => 1}, $n); sleep 0.01; print Storable::retrieve($n)->{a} == 1 ? "ok\n" : "no\n"'
want '^got x$' perl -MIO::Socket::UNIX -e '$l = IO::Socket::UNIX->new(Local => "/tmp/pl.sock", Listen => 1) or die; unless (fork) { IO::Socket::UNIX->new("/tmp/pl.sock")->print("x"); exit } print "got ", $l->accept->getline'
