/* Rows of sockets between processes: AF_UNIX, and IPv4 over the loopback interface. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { ROUNDS = 500, CONNECTIONS = 100 };
enum { CHUNK = 16 * PAGE, CHUNKS = 64 };

static char buf[CHUNK];

/* Two ends that are connected: [1] is for the process that answers. */
struct pair {
	int fd[2];
};

static void echo(void *arg)
{
	int s = ((struct pair *)arg)->fd[1];
	char c;

	for (int i = 0; i < ROUNDS; i++)
		if (read(s, &c, 1) != 1 || write(s, &c, 1) != 1)
			_exit(1);
}

static void close_pair(struct pair *p)
{
	close(p->fd[0]);
	close(p->fd[1]);
}

/* Closes @p. */
static void pingpong(const char *row, struct pair p)
{
	int pid = child(echo, &p);
	char c = 0;

	start(row);
	for (int i = 0; i < ROUNDS; i++)
		if (write(p.fd[0], &c, 1) != 1 || read(p.fd[0], &c, 1) != 1)
			give_up(row);
	stop(ROUNDS);
	reap(pid);
	close_pair(&p);
}

static struct pair unix_pair(int type)
{
	struct pair p;

	if (socketpair(AF_UNIX, type, 0, p.fd))
		give_up("socketpair");
	return p;
}

static void read_all(int fd, size_t len)
{
	while (len) {
		ssize_t n = read(fd, buf, len < CHUNK ? len : CHUNK);

		if (n <= 0)
			give_up("read");
		len -= (size_t)n;
	}
}

static void unix_tput(void)
{
	struct pair p = unix_pair(SOCK_STREAM);

	start("unix_tput");
	for (int i = 0; i < CHUNKS; i++) {
		if (write(p.fd[0], buf, CHUNK) != CHUNK)
			give_up("unix_tput");
		read_all(p.fd[1], CHUNK);
	}
	stop(CHUNKS * (CHUNK / PAGE));
	close_pair(&p);
}

void bench_socket(void)
{
	pingpong("unix_pingpong", unix_pair(SOCK_STREAM));
	pingpong("unix_datagram", unix_pair(SOCK_DGRAM));
	unix_tput();
}

/* ---- IPv4 ---- */

static int new_socket(int type)
{
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		give_up("socket");
	return fd;
}

/* An unconnected socket at a port of the loopback interface that nobody has, and its address. */
static int local_socket(int type, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = new_socket(type);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (void *)addr, sizeof(*addr)) || getsockname(fd, (void *)addr, &len))
		give_up("bind");
	return fd;
}

static void connect_to(int fd, struct sockaddr_in *addr)
{
	if (connect(fd, (void *)addr, sizeof(*addr)))
		give_up("connect");
}

static struct pair udp_pair(void)
{
	struct sockaddr_in addr[2];
	struct pair p = { { local_socket(SOCK_DGRAM, &addr[0]),
			    local_socket(SOCK_DGRAM, &addr[1]) } };

	connect_to(p.fd[0], &addr[1]);
	connect_to(p.fd[1], &addr[0]);
	return p;
}

/* No connection waits for more to say before it says something. */
static void talk_at_once(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		give_up("TCP_NODELAY");
}

static struct pair tcp_pair(int listener, struct sockaddr_in *addr)
{
	struct pair p = { { new_socket(SOCK_STREAM), -1 } };

	connect_to(p.fd[0], addr);
	p.fd[1] = accept(listener, NULL, NULL);
	if (p.fd[1] < 0)
		give_up("accept");
	talk_at_once(p.fd[0]);
	talk_at_once(p.fd[1]);
	return p;
}

/* Takes what comes and says so at the end. */
static void drain(void *arg)
{
	int s = ((struct pair *)arg)->fd[1];

	read_all(s, (size_t)CHUNK * CHUNKS);
	if (write(s, buf, 1) != 1)
		_exit(1);
}

static void tcp_tput(struct pair p)
{
	int pid = child(drain, &p);

	start("tcp_tput");
	for (int i = 0; i < CHUNKS; i++)
		if (write(p.fd[0], buf, CHUNK) != CHUNK)
			give_up("tcp_tput");
	read_all(p.fd[0], 1);
	stop(CHUNKS * (CHUNK / PAGE));
	reap(pid);
	close_pair(&p);
}

/* The end that connected closes first. */
static void tcp_connect(int listener, struct sockaddr_in *addr)
{
	start("tcp_connect");
	for (int i = 0; i < CONNECTIONS; i++) {
		struct pair p = tcp_pair(listener, addr);

		close_pair(&p);
	}
	stop(CONNECTIONS);
}

void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = new_socket(SOCK_DGRAM);

	if (ioctl(fd, SIOCGIFFLAGS, &r))
		give_up("lo");
	if (!(r.ifr_flags & IFF_UP)) {
		r.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &r))
			give_up("lo up");
	}
	close(fd);
}

void bench_net(void)
{
	struct sockaddr_in addr;
	int listener;

	loopback_up();
	listener = local_socket(SOCK_STREAM, &addr);
	if (listen(listener, 1))
		give_up("listen");
	pingpong("udp_pingpong", udp_pair());
	pingpong("tcp_pingpong", tcp_pair(listener, &addr));
	tcp_tput(tcp_pair(listener, &addr));
	tcp_connect(listener, &addr);
}
