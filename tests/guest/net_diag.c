/* NETLINK_SOCK_DIAG: sockets, as ss(8) asks for them. */
#include "failpoint.h"
#include "inet.h"

#include <sys/stat.h>

enum { NETLINK = 16, SOCK_DIAG = 4, BY_FAMILY = 20, DUMP = 0x301, ERROR = 2, DONE = 3 };
enum { CONNECTED = 1, LISTENING = 10 };

struct header {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, pid;
};

struct diag_id {
	uint16_t sport, dport;
	uint32_t src[4], dst[4], ifindex, cookie[2];
};
struct diag_request {
	struct header h;
	uint8_t family, protocol, ext, pad;
	uint32_t states;
	struct diag_id id;
};
struct diag_answer {
	struct header h;
	uint8_t family, state, timer, retrans;
	struct diag_id id;
	uint32_t expires, rqueue, wqueue, uid, inode;
};

static int ask_diag(int s, int family, int protocol, unsigned ext, unsigned states)
{
	struct diag_request q = { .h = { sizeof(q), BY_FAMILY, DUMP, 9, 0 },
				  .family = (uint8_t)family,
				  .protocol = (uint8_t)protocol,
				  .ext = (uint8_t)ext,
				  .states = states };

	return (int)send(s, &q, sizeof(q), 0);
}

/* The answers to the end of the list, the one about @port (in *a; its last attributes in @attrs) among them. Return: how many. */
static int answers(int s, unsigned port, struct diag_answer *a, char attrs[1024])
{
	static char buf[16384];
	struct header h;
	int nr = 0;

	memset(a, 0, sizeof(*a));
	for (;;) {
		ssize_t n = recv(s, buf, sizeof(buf), MSG_DONTWAIT);

		CHECK(n > 0);
		for (ssize_t at = 0; at + (ssize_t)sizeof(h) <= n; at += (h.len + 3) & ~3U) {
			struct diag_answer one;
			size_t n_attrs;

			memcpy(&h, buf + at, sizeof(h));
			EQ(h.seq, 9);
			EQ(h.flags, 2);
			if (h.type == DONE)
				return nr;
			EQ(h.type, BY_FAMILY);
			if (h.type != BY_FAMILY)
				return -1;
			memcpy(&one, buf + at, sizeof(one));
			nr++;
			if (ntohs(one.id.sport) != port)
				continue;
			*a = one;
			memset(attrs, 0, 1024);
			n_attrs = h.len - sizeof(one);
			memcpy(attrs, buf + at + sizeof(one), n_attrs < 1024 ? n_attrs : 1024);
		}
		if (n <= 0)
			return -1;
	}
}

/* The attribute's value, if it has @len bytes at least; NULL: there is none. */
static const void *attr_of(const char attrs[1024], unsigned type, unsigned len)
{
	uint16_t head[2];

	for (unsigned at = 0; at < 1000; at += (head[0] + 3U) & ~3U) {
		memcpy(head, attrs + at, sizeof(head));
		if (head[0] < 4)
			return NULL;
		if (head[1] == type && head[0] >= len + 4)
			return attrs + at + 4;
	}
	return NULL;
}

/* What the next message, of @type, says. */
static int error_of(int s, int type)
{
	char buf[512];
	int code = 0;
	struct header h;

	CHECK(recv(s, buf, sizeof(buf), MSG_DONTWAIT) >= 20);
	memcpy(&h, buf, sizeof(h));
	memcpy(&code, buf + sizeof(h), sizeof(code));
	EQ(h.type, type);
	return -code;
}

static unsigned inode_of(int fd)
{
	struct stat st;

	OK(fstat(fd, &st));
	return (unsigned)st.st_ino;
}

static void sockets_listed(void)
{
	struct diag_answer a;
	unsigned port, udp_port;
	char attrs[1024];
	int d, l, c, v[2], u, six, before;
	struct sockaddr_in any = at(INADDR_LOOPBACK, 0);

	NEED_INET();
	d = socket(NETLINK, SOCK_RAW | SOCK_CLOEXEC, SOCK_DIAG);
	NEED(d >= 0);
	EQ(ask_diag(d, AF_INET, IPPROTO_TCP, 0, 1 << LISTENING), sizeof(struct diag_request));
	before = answers(d, 0, &a, attrs);
	l = listener(&port);
	EQ(ask_diag(d, AF_INET, IPPROTO_TCP, 0, 1 << LISTENING), sizeof(struct diag_request));
	EQ(answers(d, port, &a, attrs), before + 1);
	EQ(a.family, AF_INET);
	EQ(a.state, LISTENING);
	EQ(a.id.src[0], htonl(INADDR_LOOPBACK));
	EQ(a.id.src[1] | a.id.src[2] | a.id.src[3] | a.id.dst[0] | a.id.dport, 0);
	EQ(a.rqueue, 0);
	EQ(a.wqueue, 16); /* of listen(2) */
	EQ(a.uid, 0);
	EQ(a.inode, inode_of(l));
	/* One waits to be accepted. */
	c = socket(AF_INET, SOCK_STREAM, 0);
	OK(join(c, port));
	EQ(ask_diag(d, AF_INET, IPPROTO_TCP, 0, 1 << LISTENING), sizeof(struct diag_request));
	EQ(answers(d, port, &a, attrs), before + 1);
	EQ(a.rqueue, 1);
	v[0] = c;
	v[1] = accept(l, NULL, NULL);
	EQ(send(v[1], "12345", 5, 0), 5);
	EQ(ask_diag(d, AF_INET, IPPROTO_TCP, 1 << 1, 1 << CONNECTED), sizeof(struct diag_request));
	CHECK(answers(d, port_of(c), &a, attrs) >= 2);
	EQ(a.state, CONNECTED);
	EQ(ntohs(a.id.dport), port);
	EQ(a.id.dst[0], htonl(INADDR_LOOPBACK));
	EQ(a.rqueue, 5);
	EQ(a.inode, inode_of(c));
	CHECK(attr_of(attrs, 2, 232)); /* struct tcp_info */
	CHECK(attr_of(attrs, 8, 1));
	gone(v);
	close(l);
	/* UDP, and IPv6. */
	u = socket(AF_INET, SOCK_DGRAM, 0);
	OK(bind(u, (void *)&any, sizeof(any)));
	udp_port = port_of(u);
	EQ(ask_diag(d, AF_INET, IPPROTO_UDP, 0, ~0U), sizeof(struct diag_request));
	CHECK(answers(d, udp_port, &a, attrs) >= 1);
	EQ(a.state, 7);
	EQ(a.inode, inode_of(u));
	EQ(ask_diag(d, AF_INET6, IPPROTO_UDP, 0, ~0U), sizeof(struct diag_request));
	CHECK(answers(d, udp_port, &a, attrs) >= 0);
	EQ(a.inode, 0);
	close(u);
	six = socket(AF_INET6, SOCK_STREAM, 0);
	OK(listen(six, 5));
	port = port_of(six);
	EQ(ask_diag(d, AF_INET6, IPPROTO_TCP, 0, ~0U), sizeof(struct diag_request));
	CHECK(answers(d, port, &a, attrs) >= 1);
	EQ(a.family, AF_INET6);
	CHECK(attr_of(attrs, 11, 1) && !*(const char *)attr_of(attrs, 11, 1));
	close(six);
	close(d);
}

/* More than one datagram's worth. */
static void many_sockets_listed(void)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	struct diag_answer one;
	char attrs[1024];
	int all[100], d, before;

	NEED_INET();
	d = socket(NETLINK, SOCK_RAW, SOCK_DIAG);
	EQ(ask_diag(d, AF_INET, IPPROTO_UDP, 0, ~0U), sizeof(struct diag_request));
	before = answers(d, 0, &one, attrs);
	for (int i = 0; i < 100; i++) {
		all[i] = socket(AF_INET, SOCK_DGRAM, 0);
		OK(bind(all[i], (void *)&a, sizeof(a)));
	}
	EQ(ask_diag(d, AF_INET, IPPROTO_UDP, 0, ~0U), sizeof(struct diag_request));
	EQ(answers(d, 0, &one, attrs), before + 100);
	EQ(ask_diag(d, AF_INET, IPPROTO_UDP, 0, 1 << CONNECTED), sizeof(struct diag_request));
	EQ(answers(d, 0, &one, attrs), 0);
	for (int i = 0; i < 100; i++)
		close(all[i]);
	close(d);
}

static void diag_refused(void)
{
	struct diag_request q = { .h = { sizeof(q), 77, DUMP, 9, 0 }, .family = AF_INET };
	struct {
		struct diag_request q;
		uint16_t len, type;
		uint32_t protocol;
	} with = { q, 8, 3, 1030 };
	int d;

	NEED_INET();
	d = socket(NETLINK, SOCK_DGRAM, SOCK_DIAG);
	NEED(d >= 0);
	EQ(send(d, &q, sizeof(q), 0), (ssize_t)sizeof(q));
	EQ(error_of(d, ERROR), EINVAL); /* a message of no such kind */
	q.h.type = BY_FAMILY;
	q.h.len = sizeof(struct header) + 8;
	q.protocol = IPPROTO_TCP;
	EQ(send(d, &q, q.h.len, 0), q.h.len);
	EQ(error_of(d, ERROR), EINVAL); /* too short */
	EQ(ask_diag(d, 99, IPPROTO_TCP, 0, ~0U), sizeof(q));
	EQ(error_of(d, ERROR), EINVAL);
	EQ(ask_diag(d, 18, IPPROTO_TCP, 0, ~0U), sizeof(q));
	EQ(error_of(d, ERROR), ENOENT);
	EQ(ask_diag(d, AF_INET, 99, 0, ~0U), sizeof(q));
	EQ(error_of(d, DONE), ENOENT);
	/* An attribute says another protocol, of which the byte has but a part. */
	with.q.h.len = sizeof(with);
	with.q.h.type = BY_FAMILY;
	with.q.protocol = 1030 & 255;
	with.q.states = ~0U;
	EQ(send(d, &with, sizeof(with), 0), (ssize_t)sizeof(with));
	EQ(error_of(d, DONE), ENOENT);
	close(d);
}

static int diag;

/* The answer's first word; messages that another failure has left are thrown away before. */
static int op_list(void)
{
	char buf[4096];
	struct header h;
	int code;

	while (recv(diag, buf, sizeof(buf), MSG_DONTWAIT) >= 0 || errno == ENOMEM)
		;
	if (ask_diag(diag, AF_INET, IPPROTO_UDP, 0, ~0U) < 0)
		return -1;
	for (int i = 0; recv(diag, buf, sizeof(buf), MSG_DONTWAIT) < 0; i++) {
		if (errno != ENOMEM || i)
			return -1;
	}
	memcpy(&h, buf, sizeof(h));
	memcpy(&code, buf + sizeof(h), sizeof(code));
	if ((h.type != ERROR && h.type != DONE) || !code)
		return 0;
	errno = -code;
	return -1;
}

static void nothing(void)
{
}

static void without_memory(void)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	int u;

	NEED_INET();
	if (!failpoints_open())
		SKIP("a kernel without failpoints");
	u = socket(AF_INET, SOCK_DGRAM, 0);
	OK(bind(u, (void *)&a, sizeof(a)));
	diag = socket(NETLINK, SOCK_RAW, SOCK_DIAG);
	every_failure_is(ENOMEM, "list", op_list, nothing);
	close(diag);
	close(u);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(sockets_listed), T(many_sockets_listed),
					     T(diag_refused), T(without_memory), TEND };

	return tap_main(argc, argv, t);
}
