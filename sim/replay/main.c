/*
 * mnemos-sim: one trace, many memories, one JSON object on standard output. `./mnemos sim` starts it, shows what it found, and
 * divides sweeps; people may also call it themselves.
 *
 *   reader    blocks of references, one ahead of the players: two blocks, and a barrier at each end of a round
 *   players   thread i has memories i, i + n, ...; the curves are one more memory
 *
 * OWNS     struct play.   I1  between the barriers players read block[round & 1], the reader writes the other one.
 * FAILS    exit status 2 and one line on standard error: what is wrong, and in which line of the trace.   TESTED BY sim_test.py
 */
#include "sim/replay/replay.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mm/policy.h"

enum { MAX_JOBS = 100000, MAX_THREADS = 256, POINTS = 400, AHEAD = 16 };

struct play {
	const char *path;
	struct trace *trace;
	struct ids *ids;
	struct future *future; /* when a policy needs it and the trace does not say it */
	struct memory **memory;
	unsigned jobs, threads;
	struct curve *curve;
	struct block block[2];
	struct ref ref[BLOCK];
	pthread_barrier_t round;
	unsigned turn;
	bool end, failed, progress, needs_future;
	uint64_t references, writes;
	struct timespec begin;
};

static void noreturn_ die(const char *what, const char *why)
{
	fprintf(stderr, "mnemos-sim: %s%s%s\n", what, why ? ": " : "", why ? why : "");
	exit(2);
}

static double seconds(const struct play *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - p->begin.tv_sec) +
	       (double)(now.tv_nsec - p->begin.tv_nsec) / 1e9;
}

/* ---- progress ---- */

static void show_progress(struct play *p, bool last)
{
	static double shown;
	uint64_t done, size;
	double now = seconds(p);

	if (!p->progress || (!last && now - shown < 0.2))
		return;
	shown = now;
	trace_progress(p->trace, &done, &size);
	fprintf(stderr, "\r%s: ", p->path);
	if (size)
		fprintf(stderr, "%3u %%, ", (unsigned)(done * 100 / size));
	fprintf(stderr, "%.1f M references, %u pages, %.1f M/s %s", (double)p->references / 1e6,
		ids_count(p->ids), (double)p->references / 1e6 / (now > 0 ? now : 1),
		last ? "\n" : "");
}

/* ---- reading ---- */

static void read_block(struct play *p, struct block *b)
{
	int n = trace_next(p->trace, p->ref, BLOCK);

	if (n < 0) {
		if (p->progress)
			fputc('\n', stderr);
		die(p->path, trace_error(p->trace));
	}
	for (int i = 0; i < n; i++) {
		if (i + AHEAD < n)
			ids_expect(p->ids, p->ref[i + AHEAD].page);
		b->id[i] = i && p->ref[i].page == p->ref[i - 1].page
				   ? b->id[i - 1]
				   : ids_of(p->ids, p->ref[i].page);
		if (b->id[i] == UINT32_MAX)
			die(p->path, "no memory for so many pages");
		b->write[i] = p->ref[i].write;
		b->next[i] = p->needs_future ? p->ref[i].next : 0;
		p->writes += p->ref[i].write;
	}
	b->nr = (uint32_t)n;
	p->references += (uint64_t)n;
	show_progress(p, n == 0);
}

/* The whole trace into the future's file. */
static void look_ahead(struct play *p)
{
	struct block *b = &p->block[0];

	p->future = future_new();
	if (!p->future)
		die("a file in $TMPDIR", strerror(errno));
	for (read_block(p, b); b->nr; read_block(p, b))
		if (!future_keep(p->future, b))
			die("the file in $TMPDIR", strerror(errno));
	if (!future_turn(p->future, ids_count(p->ids)))
		die("the file in $TMPDIR", strerror(errno));
}

static void next_block(struct play *p, struct block *b)
{
	if (p->future)
		future_next(p->future, b);
	else
		read_block(p, b);
}

/* ---- playing ---- */

static bool play_mine(struct play *p, unsigned me, const struct block *b)
{
	if (p->curve && me == 0 && !curve_play(p->curve, b))
		return false;
	for (unsigned i = me; i < p->jobs; i += p->threads)
		if (!memory_play(p->memory[i], b))
			return false;
	return true;
}

struct player {
	struct play *play;
	unsigned number;
	pthread_t thread;
};

static void *player(void *arg)
{
	struct player *me = arg;
	struct play *p = me->play;

	for (;;) {
		pthread_barrier_wait(&p->round);
		if (p->end)
			return NULL;
		if (!play_mine(p, me->number, &p->block[p->turn]))
			__atomic_store_n(&p->failed, true, __ATOMIC_RELAXED);
		pthread_barrier_wait(&p->round);
	}
}

static void play_alone(struct play *p)
{
	struct block *b = &p->block[0];

	for (next_block(p, b); b->nr && !p->failed; next_block(p, b))
		p->failed = !play_mine(p, 0, b);
}

static void play_together(struct play *p)
{
	struct player *players = calloc(p->threads, sizeof(*players));

	if (!players || pthread_barrier_init(&p->round, NULL, p->threads + 1))
		die("threads", "no memory");
	for (unsigned i = 0; i < p->threads; i++) {
		players[i] = (struct player){ p, i, 0 };
		if (pthread_create(&players[i].thread, NULL, player, &players[i]))
			die("threads", "cannot be started");
	}
	next_block(p, &p->block[0]);
	while (p->block[p->turn].nr && !p->failed) {
		pthread_barrier_wait(&p->round);
		next_block(p, &p->block[!p->turn]);
		pthread_barrier_wait(&p->round);
		p->turn = !p->turn;
	}
	p->end = true;
	pthread_barrier_wait(&p->round);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(players[i].thread, NULL);
	free(players);
}

/* ---- the report ---- */

static void print_string(const char *s)
{
	putchar('"');
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < ' ')
			printf("\\u%04x", *s);
		else
			putchar(*s);
	putchar('"');
}

static void print_results(const struct play *p)
{
	printf(" \"results\": [");
	for (unsigned i = 0; i < p->jobs; i++) {
		const struct counts *c = memory_counts(p->memory[i]);

		printf("%s\n  {\"policy\": \"%s\", \"frames\": %lu, \"faults\": %llu, \"cold\": %llu, "
		       "\"refaults\": %llu, \"writebacks\": %llu}",
		       i ? "," : "", memory_policy(p->memory[i])->name, memory_frames(p->memory[i]),
		       (unsigned long long)c->faults, (unsigned long long)c->cold,
		       (unsigned long long)c->refaults, (unsigned long long)c->writebacks);
	}
	printf("]");
}

/* Sizes that make a good curve: all up to 64, then about 32 for each doubling. */
static uint64_t next_size(uint64_t n)
{
	return n < 64 ? n + 1 : n + n / 32;
}

static void print_curves(const struct play *p)
{
	static uint32_t pages[1024];
	uint64_t refs, pages_all = ids_count(p->ids);
	unsigned n = curve_windows(p->curve, pages, POINTS, &refs);

	printf(",\n \"lru\": [");
	for (uint64_t f = 1; pages_all; f = next_size(f) < pages_all ? next_size(f) : pages_all) {
		printf("%s[%llu, %llu]", f > 1 ? ", " : "", (unsigned long long)f,
		       (unsigned long long)curve_faults(p->curve, f));
		if (f >= pages_all)
			break;
	}
	printf("],\n \"working_set\": [");
	for (uint64_t t = 1; t <= p->references; t *= 2)
		printf("%s[%llu, %.3f]", t > 1 ? ", " : "", (unsigned long long)t,
		       curve_working_set(p->curve, t));
	printf("],\n \"windows\": {\"references\": %llu, \"pages\": [", (unsigned long long)refs);
	for (unsigned i = 0; i < n; i++)
		printf("%s%u", i ? ", " : "", pages[i]);
	printf("]}");
}

static void print_report(const struct play *p, unsigned page_size)
{
	double s = seconds(p);

	printf("{\"trace\": ");
	print_string(p->path);
	printf(", \"format\": \"%s\", \"page_size\": %u,\n \"references\": %llu, \"pages\": %u, "
	       "\"writes\": %llu, \"seconds\": %.3f,\n",
	       trace_format(p->trace), page_size, (unsigned long long)p->references,
	       ids_count(p->ids), (unsigned long long)p->writes, s);
	print_results(p);
	if (p->curve)
		print_curves(p);
	printf("}\n");
	if (fflush(stdout) || ferror(stdout))
		die("standard output", strerror(errno));
}

/* ---- the command line ---- */

static unsigned long to_number(const char *text, unsigned long max, const char *what)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !n || n > max)
		die(what, text);
	return n;
}

/* POLICY:FRAMES */
static void add_job(struct play *p, const char *text)
{
	const char *colon = strchr(text, ':');
	const struct policy *policy = colon ? policy_by_name(text, (size_t)(colon - text)) : NULL;
	unsigned long frames;

	if (!policy)
		die("--job: no such policy (--list has them), or not POLICY:FRAMES", text);
	frames = to_number(colon + 1, INT32_MAX, "--job: not a number of frames");
	if (p->jobs == MAX_JOBS)
		die("--job", "too many");
	p->memory[p->jobs] = memory_new(policy, frames);
	if (!p->memory[p->jobs])
		die("no memory for", text);
	p->jobs++;
	p->needs_future |= !!(policy->flags & POLICY_NEEDS_FUTURE);
}

/* name=N,... as struct columns says */
static struct columns to_columns(char *text)
{
	static char page[] = "page", addr[] = "addr", size[] = "size", op[] = "op",
		    delim[] = "delim", header[] = "header";
	static char *const names[] = { page, addr, size, op, delim, header, NULL };
	struct columns c = { .delim = ',' };
	char *value;

	while (*text) {
		int which = getsubopt(&text, names, &value);
		unsigned *const field[] = { &c.page, &c.addr, &c.size, &c.op };

		if (which == 5)
			c.header = true;
		else if (which < 0 || !value || !*value)
			die("--columns", "page=N, addr=N, size=N, op=N, delim=C, header");
		else if (which == 4)
			c.delim = !strcmp(value, "tab") ? '\t' : value[0];
		else
			*field[which] = (unsigned)to_number(value, 1000, "--columns");
	}
	return c;
}

static void noreturn_ list(void)
{
	for (const struct policy *const *p = __start_policies; p < __stop_policies; p++)
		printf("%s\t%s\n", (*p)->name, (*p)->about);
	exit(0);
}

static const struct option options[] = { { "trace", required_argument, NULL, 't' },
					 { "format", required_argument, NULL, 'f' },
					 { "page-size", required_argument, NULL, 's' },
					 { "columns", required_argument, NULL, 'c' },
					 { "job", required_argument, NULL, 'j' },
					 { "threads", required_argument, NULL, 'n' },
					 { "curves", no_argument, NULL, 'C' },
					 { "progress", no_argument, NULL, 'p' },
					 { "list", no_argument, NULL, 'l' },
					 { NULL, 0, NULL, 0 } };

static const char usage[] =
	"usage: mnemos-sim --trace FILE [--format F] [--page-size BYTES] [--columns SPEC] [--threads N]\n"
	"                  [--curves] [--progress] --job POLICY:FRAMES ...\n"
	"       mnemos-sim --list";

struct settings {
	const char *format;
	struct columns columns;
	unsigned page_size;
};

static void take_option(struct play *p, struct settings *s, int option)
{
	switch (option) {
	case 't':
		p->path = optarg;
		break;
	case 'f':
		s->format = optarg;
		break;
	case 's':
		s->page_size = (unsigned)to_number(optarg, 1U << 30, "--page-size");
		if (s->page_size & (s->page_size - 1))
			die("--page-size: not a power of two", optarg);
		break;
	case 'c':
		s->columns = to_columns(optarg);
		break;
	case 'j':
		add_job(p, optarg);
		break;
	case 'n':
		p->threads = (unsigned)to_number(optarg, MAX_THREADS, "--threads");
		break;
	case 'C':
		p->curve = p->curve ? p->curve : curve_new();
		break;
	case 'p':
		p->progress = true;
		break;
	case 'l':
		list();
	default:
		die(usage, NULL);
	}
}

int main(int argc, char **argv)
{
	static struct play p;
	struct settings s = { .page_size = 4096, .columns = { .delim = ',' } };
	const char *error;
	int option;

	p.threads = 1;
	p.memory = calloc(MAX_JOBS, sizeof(*p.memory));
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		take_option(&p, &s, option);
	if (!p.path || optind < argc)
		die(usage, NULL);
	p.trace = trace_open(p.path, s.format, &s.columns, (unsigned)__builtin_ctz(s.page_size),
			     &error);
	if (!p.trace)
		die(error, NULL);
	p.ids = ids_new();
	if (!p.memory || !p.ids)
		die("no memory", NULL);
	clock_gettime(CLOCK_MONOTONIC, &p.begin);
	if (p.needs_future && !trace_knows_future(p.trace))
		look_ahead(&p);
	if (p.threads == 1)
		play_alone(&p);
	else
		play_together(&p);
	if (p.failed)
		die("no memory", NULL);
	if (trace_lost(p.trace))
		fprintf(stderr,
			"%s: %llu events were lost when it was recorded: the figures are those of the rest\n",
			p.path, (unsigned long long)trace_lost(p.trace));
	print_report(&p, s.page_size);
	return 0;
}
