/* AF_NETLINK: interfaces, addresses and routes as C libraries and ip(8) ask for them. */
#include "inet.h"
#include "tap.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <mqueue.h>
#include <net/if.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { NETLINK = 16, GETLINK = 18, GETADDR = 22, GETROUTE = 26, DUMP = 0x301, DONE = 3, ERROR = 2 };

struct header {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, pid;
};
struct nl {
	uint16_t family, pad;
	uint32_t pid, groups;
};
struct request {
	struct header h;
	uint8_t family, rest[15];
};

static int ask(int s, unsigned type, unsigned flags, int index)
{
	struct request q = { { sizeof(q), (uint16_t)type, (uint16_t)flags, 7, 0 }, 0, { 0 } };

	memcpy(q.rest + 3, &index, sizeof(index));
	return (int)send(s, &q, sizeof(q), 0);
}

static void by_library(void)
{
	struct ifaddrs *all, *a;
	int lo = 0, v6 = 0, link = 0;

	NEED_INET();
	NEED(getifaddrs(&all) == 0);
	for (a = all; a; a = a->ifa_next) {
		const struct sockaddr_in *in = (void *)a->ifa_addr;

		if (strcmp(a->ifa_name, "lo") != 0 || !a->ifa_addr)
			continue;
		link += a->ifa_addr->sa_family == 17 /* AF_PACKET */;
		v6 += a->ifa_addr->sa_family == AF_INET6;
		if (a->ifa_addr->sa_family != AF_INET)
			continue;
		lo++;
		EQ(ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK);
		EQ(ntohl(((struct sockaddr_in *)(void *)a->ifa_netmask)->sin_addr.s_addr),
		   0xff000000);
		EQ(a->ifa_flags & (IFF_UP | IFF_LOOPBACK | IFF_RUNNING),
		   IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	}
	EQ(link, 1);
	EQ(lo, 1);
	EQ(v6, 1);
	freeifaddrs(all);
	EQ(if_nametoindex("lo"), 1);
}

static void messages(void)
{
	struct nl me = { NETLINK, 0, 0, 0 }, from;
	socklen_t len = sizeof(me);
	char buf[4096];
	struct header h;
	int s, s2, code;
	ssize_t n;

	NEED_INET();
	s = socket(NETLINK, SOCK_RAW, 0);
	NEED(s >= 0);
	s2 = socket(NETLINK, SOCK_DGRAM, 0);
	OK(bind(s, (void *)&me, sizeof(me)));
	OK(getsockname(s, (void *)&me, &len));
	EQ(len, 12);
	EQ(me.pid, getpid()); /* the first of a process has its number, */
	FAILS(bind(s2, (void *)&me, sizeof(me)), EADDRINUSE);
	me.pid = 0;
	OK(bind(s2, (void *)&me, sizeof(me)));
	OK(getsockname(s2, (void *)&me, &len));
	CHECK(me.pid != 0 && me.pid != (uint32_t)getpid()); /* the next another */
	EQ(ask(s, GETLINK, DUMP, 0), sizeof(struct request));
	len = sizeof(from);
	n = recvfrom(s, buf, sizeof(buf), MSG_PEEK, (void *)&from, &len);
	EQ(from.pid, 0);
	EQ(recv(s, buf, 8, MSG_TRUNC), n);
	n = recv(s, buf, sizeof(buf), MSG_DONTWAIT);
	memcpy(&h, buf, sizeof(h));
	EQ(n, 20);
	EQ(h.type, DONE);
	EQ(h.flags, 2);
	EQ(h.seq, 7);
	EQ(h.pid, getpid());
	FAILS(recv(s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	EQ(ask(s, GETLINK, 1, 77), sizeof(struct request)); /* no such interface */
	EQ(recv(s, buf, sizeof(buf), 0), 36 + 16);	    /* with all of the request */
	memcpy(&h, buf, sizeof(h));
	memcpy(&code, buf + sizeof(h), sizeof(code));
	EQ(h.type, ERROR);
	EQ(code, -ENODEV);
	EQ(ask(s, GETLINK, 1, 1), sizeof(struct request));
	n = recv(s, buf, sizeof(buf), 0);
	memcpy(&h, buf, sizeof(h));
	EQ(h.type, 16);
	EQ(h.flags, 0);
	EQ(h.len, n);
	EQ(ask(s, GETROUTE, DUMP, 0),
	   sizeof(struct request)); /* there is none but the loopback's */
	n = recv(s, buf, sizeof(buf), 0);
	EQ(n, 20);
	close(s2);
	close(s);
}

struct route {
	struct header h;
	uint8_t family, dst_len, src_len, tos, table, protocol, scope, type;
	uint32_t flags;
	char attr[400];
};

/* Attribute @type of @r as a number of 32 bits. */
static uint32_t attr_of(const struct route *r, unsigned type)
{
	unsigned at = 0, end = r->h.len - (unsigned)(r->attr - (char *)r);

	while (at + 8 <= end) {
		uint16_t head[2];
		uint32_t v;

		memcpy(head, r->attr + at, 4);
		memcpy(&v, r->attr + at + 4, 4);
		if (head[1] == type)
			return v;
		at += (head[0] + 3U) & ~3U;
	}
	return 0;
}

/* RTM_GETROUTE of @to: the answer's type, or the error. */
static int way(int s, int family, const void *to, unsigned size, struct route *out)
{
	struct {
		struct header h;
		uint8_t family, rest[7];
		uint32_t flags;
		uint16_t head[2];
		char to[16];
	} q = { .h = { 0, GETROUTE, 1, 9, 0 },
		.family = (uint8_t)family,
		.flags = 0x1000 /* which table */,
		.head = { (uint16_t)(4 + size), 1 /* RTA_DST */ } };
	int code;

	memcpy(q.to, to, size);
	q.h.len = (uint32_t)(sizeof(q) - 16 + size);
	memset(out, 0, sizeof(*out));
	if (send(s, &q, q.h.len, 0) != (ssize_t)q.h.len || recv(s, out, sizeof(*out), 0) <= 0)
		return -1000;
	memcpy(&code, &out->family, sizeof(code));
	return out->h.type == ERROR ? code : out->h.type;
}

/* What ip-route(8) and nmap ask: the way to one address. */
static void one_route(void)
{
	uint32_t lo = htonl(INADDR_LOOPBACK), other = htonl(0x7f010203), far = htonl(0xc6336401);
	struct in6_addr lo6 = IN6ADDR_LOOPBACK_INIT;
	struct route r;
	int s;

	NEED_INET();
	s = socket(NETLINK, SOCK_RAW, 0);
	NEED(s >= 0);
	EQ(way(s, AF_INET, &lo, 4, &r), 24); /* RTM_NEWROUTE */
	EQ(r.h.flags, 0);
	EQ(r.h.seq, 9);
	EQ(r.family, AF_INET);
	EQ(r.dst_len, 32);
	EQ(r.src_len, 0);
	EQ(r.table, 254); /* as Linux without rules: both tables are one */
	EQ(r.protocol, 0);
	EQ(r.scope, 0);
	EQ(r.type, 2);
	EQ(r.flags, 0x80000200U);
	EQ(attr_of(&r, 15), 254);
	EQ(attr_of(&r, 1), lo);
	EQ(attr_of(&r, 4), 1);
	EQ(attr_of(&r, 7), lo);
	EQ(attr_of(&r, 5), 0);
	EQ(way(s, AF_INET, &other, 4, &r), 24);
	EQ(r.type, 2);
	EQ(attr_of(&r, 1), other);
	EQ(attr_of(&r, 7), lo);
	EQ(way(s, AF_INET, &far, 4, &r), -ENETUNREACH);
	EQ(way(s, AF_INET, &lo, 3, &r), -ERANGE);
	EQ(way(s, AF_INET6, &lo6, 16, &r), 24);
	EQ(r.dst_len, 128);
	EQ(r.type, 2);
	EQ(attr_of(&r, 4), 1);
	close(s);
}

static void refused(void)
{
	struct nl there = { NETLINK, 0, 5, 0 };
	char buf[64];
	int s;

	NEED_INET();
	FAILS(socket(NETLINK, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	FAILS(socket(NETLINK, SOCK_RAW, 31), EPROTONOSUPPORT);
	s = socket(NETLINK, SOCK_RAW, 0);
	FAILS(listen(s, 1), EOPNOTSUPP);
	OK(connect(s, (void *)&there, sizeof(there)));
	FAILS(send(s, "short", 5, 0), ECONNREFUSED); /* nobody is there */
	there.pid = 0;
	OK(connect(s, (void *)&there, sizeof(there)));
	FAILS(bind(s, (void *)&there, 4), EINVAL);
	EQ(send(s, "short", 5, 0), 5);			   /* is no request */
	EQ(ask(s, GETLINK, 0, 0), sizeof(struct request)); /* says that it is none */
	FAILS(recv(s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	for (int i = 0; i < 40; i++) /* nobody reads: two answers each */
		EQ(ask(s, GETADDR, DUMP, 0), sizeof(struct request));
	FAILS(recv(s, buf, sizeof(buf), 0), ENOBUFS);
	EQ(recv(s, buf, sizeof(buf), 0), sizeof(buf));
	close(s);
}

/* mq_notify(3) with SIGEV_THREAD, as C libraries do it: a cookie comes, whose last byte says why. */
static void queue_notes(void)
{
	struct mq_attr a = { .mq_maxmsg = 5, .mq_msgsize = 16 };
	char cookie[32] = "a cookie of thirty-two bytes...", buf[64];
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD };
	int s, u;
	mqd_t q;

	NEED_INET();
	s = socket(NETLINK, SOCK_RAW, 0);
	u = socket(AF_UNIX, SOCK_STREAM, 0);
	q = mq_open("/mnemos_nl", O_CREAT | O_EXCL | O_RDWR, 0600, &a);
	NEED(s >= 0 && u >= 0 && q != (mqd_t)-1);
	ev.sigev_value.sival_ptr = cookie;
	ev.sigev_signo = 99;
	FAILS(syscall(SYS_mq_notify, q, &ev), EBADF);
	ev.sigev_signo = 0;
	FAILS(syscall(SYS_mq_notify, q, &ev), ENOTSOCK);
	ev.sigev_signo = u;
	FAILS(syscall(SYS_mq_notify, q, &ev), EINVAL);
	ev.sigev_signo = s;
	ev.sigev_value.sival_ptr = (void *)8;
	FAILS(syscall(SYS_mq_notify, q, &ev), EFAULT);
	ev.sigev_value.sival_ptr = cookie;
	EQ(syscall(SYS_mq_notify, q, &ev), 0);
	FAILS(syscall(SYS_mq_notify, q, &ev), EBUSY);
	FAILS(recv(s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	EQ(mq_send(q, "x", 1, 0), 0);
	EQ(recv(s, buf, sizeof(buf), MSG_DONTWAIT), sizeof(cookie));
	EQ(memcmp(buf, cookie, 31), 0);
	EQ(buf[31], 1); /* a message has come */
	EQ(mq_receive(q, buf, sizeof(buf), NULL), 1);
	EQ(syscall(SYS_mq_notify, q, &ev), 0);
	EQ(syscall(SYS_mq_notify, q, NULL), 0);
	EQ(recv(s, buf, sizeof(buf), MSG_DONTWAIT), sizeof(cookie));
	EQ(buf[31], 2); /* none will */
	EQ(syscall(SYS_mq_notify, q, &ev), 0);
	close(s); /* nobody to hear of it */
	EQ(mq_send(q, "x", 1, 0), 0);
	EQ(mq_receive(q, buf, sizeof(buf), NULL), 1);
	s = socket(NETLINK, SOCK_RAW, 0);
	ev.sigev_signo = s;
	EQ(syscall(SYS_mq_notify, q, &ev), 0);
	mq_close(q);
	EQ(recv(s, buf, sizeof(buf), MSG_DONTWAIT), sizeof(cookie));
	EQ(buf[31], 2);
	FAILS(recv(s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	EQ(mq_unlink("/mnemos_nl"), 0);
	close(s);
	close(u);
}

static sem_t thread_came;

static void in_thread(union sigval v)
{
	if (v.sival_int == 4711)
		sem_post(&thread_came);
}

static void queue_thread(void)
{
	struct mq_attr a = { .mq_maxmsg = 5, .mq_msgsize = 16 };
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread };
	mqd_t q;

	NEED_INET();
	q = mq_open("/mnemos_nl", O_CREAT | O_EXCL | O_RDWR, 0600, &a);
	NEED(q != (mqd_t)-1);
	sem_init(&thread_came, 0, 0);
	ev.sigev_value.sival_int = 4711;
	for (int i = 0; i < 3; i++) {
		EQ(mq_notify(q, &ev), 0);
		EQ(mq_send(q, "x", 1, 0), 0);
		EQ(sem_wait(&thread_came), 0);
		EQ(mq_receive(q, (char[16]){ 0 }, 16, NULL), 1);
	}
	mq_close(q);
	EQ(mq_unlink("/mnemos_nl"), 0);
}

/* What came and went by an interface. */
static uint64_t packets_of_lo(int s, uint64_t *bytes)
{
	char buf[4096];
	uint64_t v[4] = { 0 };
	uint32_t w[4] = { 0 };
	uint16_t head[2];
	ssize_t n;

	EQ(ask(s, GETLINK, 1, 1), sizeof(struct request));
	n = recv(s, buf, sizeof(buf), 0);
	for (ssize_t at = 32; at + 4 <= n; at += (head[0] + 3) & ~3) {
		memcpy(head, buf + at, sizeof(head));
		CHECK(head[0] >= 4);
		if (head[0] < 4)
			break;
		if (head[1] == 23) {
			EQ(head[0], 4 + 25 * 8);
			memcpy(v, buf + at + 4, sizeof(v));
		} else if (head[1] == 7) {
			EQ(head[0], 4 + 24 * 4);
			memcpy(w, buf + at + 4, sizeof(w));
		}
	}
	EQ(v[0], v[1]); /* the loopback */
	EQ(v[2], v[3]);
	EQ((uint32_t)v[0], w[0]);
	EQ((uint32_t)v[3], w[3]);
	*bytes = v[2];
	return v[0];
}

static void counts_of_links(void)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	socklen_t len = sizeof(a);
	uint64_t packets, bytes, after;
	int s, u;

	NEED_INET();
	s = socket(NETLINK, SOCK_RAW, 0);
	u = socket(AF_INET, SOCK_DGRAM, 0);
	OK(bind(u, (void *)&a, sizeof(a)));
	OK(getsockname(u, (void *)&a, &len));
	packets = packets_of_lo(s, &bytes);
	EQ(sendto(u, "12345678", 8, 0, (void *)&a, sizeof(a)), 8);
	EQ(packets_of_lo(s, &after), packets + 1);
	CHECK(after >= bytes + 36);
	close(u);
	close(s);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(by_library),	 T(messages),
					     T(one_route),	 T(refused),
					     T(queue_notes),	 T(queue_thread),
					     T(counts_of_links), TEND };

	return tap_main(argc, argv, t);
}
