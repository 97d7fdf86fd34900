/*
 * What mm and sync import from above, played by the simulator: current context, OOM, panic, top tables, user accesses.
 *
 * OWNS     the hooks of the simulated machine; the expectation of a panic in a child process.
 * WHY      mm links here unchanged: the same imports that kernel/env.c fills are filled by coroutines and counters.
 * NOT HERE threads and time (sched.c), the world's life (world.c).
 */
#include "arch/percpu.h"
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/mempolicy.h"
#include "mm/mm.h"
#include "sim/sim_impl.h"
#include "sync/failpoint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Absent in a program that links only the lower part of mm. */
extern __typeof__(handle_mm_fault) handle_mm_fault __attribute__((weak));
extern __typeof__(mpol_task_allows) mpol_task_allows __attribute__((weak));

enum { CHILD_AS_EXPECTED = 42, CHILD_OTHER_PANIC = 43, CHILD_NO_PANIC = 44 };

unsigned sim_oom_kills;
struct mm_limits sim_limits;
unsigned sim_caps;
static const char *expected_panic; /* in a child of sim_panics */

/* ---- panic ---- */

void panic(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (expected_panic && strstr(text, expected_panic))
		_exit(CHILD_AS_EXPECTED);
	fflush(stdout);
	fprintf(stderr, "panic: %s (CPU %u, time %llu ns)\n", text, cpu_id(),
		(unsigned long long)clock_ns());
	if (expected_panic)
		_exit(CHILD_OTHER_PANIC);
	abort();
}

bool sim_panics(void (*fn)(void *arg), void *arg, const char *text)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		expected_panic = text;
		fn(arg);
		fprintf(stderr, "no panic, but expected: %s\n", text);
		_exit(CHILD_NO_PANIC);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == CHILD_AS_EXPECTED;
}

/* ---- imports of mm ---- */

struct mm_ctx *mm_ctx_current(void)
{
	static struct mm_ctx boot;
	struct mm_ctx *ctx = thread_self() ? &thread_self()->ctx : &boot;

	ctx->limits = &sim_limits;
	ctx->caps = sim_caps;
	return ctx;
}

bool oom_eligible(const struct mm_struct *mm, unsigned long nodes)
{
	for (struct thread *t = sim_threads(); t; t = t->next) {
		if (t->ctx.mm == mm)
			return mpol_task_allows(&t->ctx, nodes);
	}
	return true; /* nobody runs it just now */
}

void oom_deliver(struct mm_struct *victim)
{
	sim_oom_kills++;
	for (struct thread *t = sim_threads(); t; t = t->next) {
		if (t->ctx.mm == victim) {
			t->ctx.oom_victim = true;
			sim_kill(t);
		}
	}
}

/* ---- top tables ---- */

int pt_root_alloc(struct pt_root *root)
{
	unsigned long page;

	if (failpoint("pt_root"))
		return -ENOMEM;
	page = get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	*root = (struct pt_root){ .top = (pte_t *)page, .top_phys = virt_to_phys((void *)page) };
	return 0;
}

/* CPUs that keep the root lazily let go of it here; threads that still name its mm lose it. */
void pt_root_free(struct pt_root *root)
{
	for (struct thread *t = sim_threads(); t; t = t->next) {
		if (t->ctx.mm && &t->ctx.mm->root == root)
			t->ctx.mm = NULL;
	}
	sim_root_forget(root);
	free_page((unsigned long)root->top);
	root->top = NULL;
}

/* ---- hooks of the machine ---- */

static int on_fault(uaddr_t va, enum sim_access access, bool user, bool present)
{
	struct mm_ctx *ctx = mm_ctx_current();
	struct fault_info info = {
		.addr = va,
		.access.write = access == SIM_WRITE,
		.access.exec = access == SIM_EXEC && PT_HAS_NX, /* else the CPU does not say */
		.access.user = user,
	};

	if (!ctx->mm || !handle_mm_fault || (ctx->scoped & MM_CTX_NOFAULT))
		return FAULT_MAPERR;
	return (int)handle_mm_fault(ctx->mm, &info);
}

static void on_broken(const char *text)
{
	panic("%s", text);
}

void sim_env_begin(void)
{
	sim_hooks.fault = on_fault;
	sim_hooks.may_fault = might_sleep;
	sim_hooks.broken = on_broken;
	sim_oom_kills = 0;
	sim_limits = (struct mm_limits){ ULONG_MAX, ULONG_MAX, ULONG_MAX, MIB(8), ULONG_MAX };
	sim_caps = 0;
}

/* ---- user programs ---- */

void sim_use_mm(struct mm_struct *mm)
{
	struct pt_root *now = sim_mmu[cpu_id()].root;
	struct pt_root *next = mm ? &mm->root : NULL;
	irqflags_t flags = irq_save();

	thread_self()->ctx.mm = mm;
	if (now != next)
		pt_activate(now, next);
	irq_restore(flags);
}

static int user_access(struct mm_struct *mm, uaddr_t va, void *buf, size_t len,
		       enum sim_access access)
{
	int why;

	if (mm_ctx_current()->mm != mm || sim_active_root() != &mm->root)
		sim_use_mm(mm);
	sim_hooks.may_fault();
	(void)sim_copy(va, buf, len, access, true, true, &why);
	return why;
}

int sim_read(struct mm_struct *mm, uaddr_t va, void *buf, size_t len)
{
	return user_access(mm, va, buf, len, SIM_READ);
}

int sim_write(struct mm_struct *mm, uaddr_t va, const void *buf, size_t len)
{
	return user_access(mm, va, (void *)(uintptr_t)buf, len, SIM_WRITE);
}

int sim_exec(struct mm_struct *mm, uaddr_t va)
{
	char instruction;

	return user_access(mm, va, &instruction, 1, SIM_EXEC);
}

uint8_t sim_peek(struct mm_struct *mm, uaddr_t va)
{
	uint8_t byte = 0;
	int why = sim_read(mm, va, &byte, 1);

	if (why)
		panic("sim_peek of %#lx fails with %d", va, why);
	return byte;
}

void sim_poke(struct mm_struct *mm, uaddr_t va, uint8_t byte)
{
	int why = sim_write(mm, va, &byte, 1);

	if (why)
		panic("sim_poke of %#lx fails with %d", va, why);
}
