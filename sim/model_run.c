/*
 * Runs of the model: steps from a seed, the last of them kept for the report, and the shrinking of a run that fails.
 *
 *   step i draws all it needs from (seed, i) alone, so a run may leave out any steps and the rest still do what they did;
 *   EPOCH steps prefer one process and a few pages, which so meet again before TLBs have forgotten them
 *
 *   difference ──► report, the child ends ──► the parent tries again without half of the steps, a quarter, ...
 *              ──► report of what is left: mostly a handful of operations
 *
 * OWNS     the list of steps to leave out; the report.
 * WHY      the run is a child process: an abort of mm, a sanitizer's finding, a hang and a difference all look the same to the
 *          parent, who has seen nothing of the world that failed.
 * I1       one thread does all steps, and goes to another CPU now and then: CPUs it has left keep their translations, so a
 *          flush that was forgotten is met by the next frame freed (arch/sim/hw/phys.c).
 * NOT HERE concurrency: one step at a time has one right answer.
 * TESTED BY model_test.c
 */
#include "arch/percpu.h"
#include "arch/sim/hw/host.h"
#include "sim/model.h"
#include "sync/thread.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOTES = 48, NOTE_SIZE = 200, SLOW_SECONDS = 120, EPOCH = 32 };

static const struct {
	model_op *op;
	unsigned weight;
} ops[] = {
	{ model_touch, 30 },	{ model_look, 3 },    { model_map, 14 },
	{ model_unmap, 7 },	{ model_protect, 9 }, { model_remap, 9 },
	{ model_advise, 10 },	{ model_fork, 3 },    { model_exit, 2 },
	{ model_truncate, 2 },	{ model_punch, 2 },   { model_write_file, 4 },
	{ model_read_file, 3 }, { model_access, 3 },  { model_fetch, 2 },
	{ model_mincore, 2 },	{ model_msync, 1 },   { model_lock, 2 },
	{ model_lock_all, 1 },	{ model_migrate, 2 }, { model_forget_writes, 1 },
	{ model_uffd, 9 },	{ model_swap, 6 },    { model_reclaim, 1 },
};

static struct model_config cfg;
static char notes[NOTES][NOTE_SIZE];
static unsigned long nr_notes;
static unsigned char *skipped;		/* by step; NULL: none */
static volatile unsigned long *reached; /* shared with the parent: the last step begun */
static bool reported;

uint32_t model_rnd(uint32_t n)
{
	return prng_below(&model.rnd, n);
}

/* Sleep a moment: the thread wakes up on any CPU. */
void model_hop(void)
{
	(void)thread_park(PARK_KILLABLE, clock_ns() + 1);
}

/* What the steps of one epoch have in common: a draw from the seed, the epoch and @what. */
static unsigned epoch_draw(unsigned what, unsigned n)
{
	struct prng r;

	prng_seed(&r, (cfg.seed * 1000003 + model.step / EPOCH) * 8 + what);
	for (int i = 0; i < 4; i++)
		(void)prng_next(&r);
	return prng_below(&r, n);
}

unsigned model_some_page(void)
{
	if (model_one_in(2))
		return model_rnd(MODEL_PAGES);
	return (epoch_draw(0, MODEL_PAGES) + model_rnd(6)) % MODEL_PAGES;
}

/* ---- the report ---- */

void model_note(const char *fmt, ...)
{
	char *to = notes[nr_notes++ % NOTES];
	int n = snprintf(to, NOTE_SIZE, "%lu: CPU %u, process %u: ", model.step, cpu_id(),
			 model.acting);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + n, NOTE_SIZE - (size_t)n, fmt, ap);
	va_end(ap);
}

static void report(void)
{
	if (reported)
		return;
	reported = true;
	fprintf(stderr, "model: seed %llu, step %lu, the last operations:\n",
		(unsigned long long)cfg.seed, model.step);
	for (unsigned long i = nr_notes > NOTES ? nr_notes - NOTES : 0; i < nr_notes; i++)
		fprintf(stderr, "  %s\n", notes[i % NOTES]);
}

/* A finding of the undefined-behaviour sanitizer ends in SIGABRT, so that on_signal reports. */
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void on_signal(int sig)
{
	report();
	if (sig == SIGALRM)
		fprintf(stderr, "model: the run hangs\n");
	_exit(1);
}

void model_differs(const char *fmt, ...)
{
	va_list ap;

	report();
	fprintf(stderr, "model: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (process %u)\n", model.acting);
	_exit(1);
}

void model_expect(const char *what, long want, long got)
{
	if (want != got)
		model_differs("%s: %ld (%#lx) expected, %ld (%#lx) seen", what, want,
			      (unsigned long)want, got, (unsigned long)got);
}

/* ---- steps ---- */

static model_op *some_op(void)
{
	unsigned total = 0, at, i = 0;

	for (unsigned k = 0; k < sizeof(ops) / sizeof(ops[0]); k++)
		total += ops[k].weight;
	for (at = model_rnd(total); at >= ops[i].weight; i++)
		at -= ops[i].weight;
	return ops[i].op;
}

static struct model_proc *some_proc(void)
{
	model.acting = model_one_in(4) ? model_rnd(MODEL_PROCS) : epoch_draw(1, MODEL_PROCS);
	while (!model.proc[model.acting].mm)
		model.acting = (model.acting + 1) % MODEL_PROCS;
	return &model.proc[model.acting];
}

static void one_step(unsigned long step)
{
	model.step = step;
	*reached = step;
	prng_seed(&model.rnd, cfg.seed * 1000003 + step);
	for (int i = 0; i < 4; i++) /* neighbouring seeds begin alike */
		(void)model_rnd(1);
	if (model_one_in(4))
		model_hop();
	some_op()(some_proc());
	model_settle();
}

static void all_steps(void *arg)
{
	model_swap_begin(cfg.seed);
	model_objects_begin();
	(void)model_proc_begin();
	for (unsigned long i = 1; i <= cfg.steps; i++) {
		if (skipped && skipped[i])
			continue;
		one_step(i);
		if (i % cfg.check_every == 0)
			model_check();
	}
	model_check();
	for (model.acting = 0; model.acting < MODEL_PROCS; model.acting++) {
		if (model.proc[model.acting].mm)
			model_proc_end(&model.proc[model.acting]);
	}
	model_objects_end();
	model_swap_end();
	model_expect("committed pages at the end", 0, atomic_long_read(&vm_committed_as));
}

static void run_world(void)
{
	struct sim_config world = { .ram_bytes = MIB(32), .nr_cpus = 3, .no_preempt = true };

	world.seed = cfg.seed;
	world.lowmem_bytes =
		cfg.seed % 2 ? MIB(16) : 0; /* user pages in high memory, where there is any */
	world.nr_nodes = cfg.seed % 3 ? 1 : 2;
	fault_batch_pages = cfg.seed % 4 ? 16 : 1;
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
	host_on_death(report);
	alarm(SLOW_SECONDS + (unsigned)(cfg.steps / 500));
	model.seed = cfg.seed;
	sim_world_begin(&world);
	(void)sim_spawn(all_steps, NULL, -1);
	sim_run();
	sim_world_end();
}

/* Return: did the steps that are not left out go well? */
static bool run_child(bool quiet)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (quiet && !freopen("/dev/null", "w", stderr))
			_exit(2);
		run_world();
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* ---- shrinking ---- */

static time_t now(void)
{
	return time(NULL);
}

/* Try to leave out [first, first + n). Return: how many more are left out now. */
static unsigned long leave_out(unsigned long first, unsigned long n)
{
	unsigned char *before = malloc(n);
	unsigned long more = 0;

	for (unsigned long i = 0; i < n; i++)
		more += !skipped[first + i];
	memcpy(before, skipped + first, n);
	memset(skipped + first, 1, n);
	if (more && run_child(true)) {
		memcpy(skipped + first, before, n);
		more = 0;
	}
	free(before);
	return more;
}

/* From halves down to single steps, and again while that helps. */
static void shrink(void)
{
	time_t deadline = now() + (time_t)cfg.shrink_seconds;
	unsigned long left, gone = 1;

	cfg.steps = left = *reached;
	skipped = calloc(cfg.steps + 1, 1);
	while (gone) {
		gone = 0;
		for (unsigned long n = (cfg.steps + 1) / 2; n && now() < deadline; n /= 2) {
			for (unsigned long i = 1; i <= cfg.steps && now() < deadline; i += n)
				gone += leave_out(i, min_of(unsigned long, n, cfg.steps + 1 - i));
		}
		left -= gone;
	}
	fprintf(stderr, "model: shrunk to %lu steps; these, with the difference:\n", left);
	(void)run_child(false);
	free(skipped);
	skipped = NULL;
}

bool model_run(const struct model_config *config)
{
	bool ok;

	cfg = *config;
	reached = mmap(NULL, sizeof(*reached), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	ok = run_child(false);
	if (!ok && cfg.shrink_seconds) {
		cfg.check_every = 1;
		shrink();
	}
	munmap((void *)(uintptr_t)reached, sizeof(*reached));
	return ok;
}
