/*
 * Programs that the kernel starts for modules: call_usermodehelper.
 *
 *   caller ── kthread ── init() of the module's ── exec_kernel ── the program ── end
 *               │                                   │ UMH_WAIT_EXEC: its result      │ UMH_WAIT_PROC: the status
 *
 * OWNS     struct helper, until both the caller and the thread have let go of it.
 * WHY      the thread is a child of kthreadd, as on Linux: root's, with all rights, no open files, the root as working directory.
 * I1       the helper has copies of all strings: the module may go before the program runs (UMH_NO_WAIT).
 * CONTEXT  threads; sleeps.
 * FAILS    -ENOMEM; what execve(2) says; with UMH_WAIT_PROC the program's wait status (256 times its exit status, or its signal).
 * SOURCES  wait(2); Linux Documentation/core-api/kernel-api.rst, "Module Support".   TESTED BY  module_course (guest)
 */
#include "module/umh.h"

#include "arch/thread.h"
#include "base/errno.h"
#include "fs/file.h"
#include "fs/path.h"
#include "kernel/imports.h"
#include "kernel/kthread.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/api.h"
#include "sync/failpoint.h"

enum { WORDS_MOST = 256 };

struct helper {
	atomic_t refs; /* the caller's, the thread's */
	struct waitq wait;
	int result;   /* of exec; positive: not known yet */
	char **words; /* path, argv, NULL, envp, NULL */
	char **envp;
	struct task *task; /* the thread, from its first step on; referenced */
	umh_init_fn init;
	void *info; /* the module's, for init */
};

static void helper_put(struct helper *h)
{
	if (!atomic_dec_and_test(&h->refs))
		return;
	if (h->task)
		task_put(h->task);
	kfree(h->words);
	kfree(h);
}

/* ---- words ---- */

static bool count_words(const char *const *from, unsigned *nr, size_t *bytes)
{
	for (; from && *from; from++, ++*nr)
		*bytes += strlen(*from) + 1;
	return *nr <= WORDS_MOST;
}

static char **copy_words(char **to, const char *const *from, char **text)
{
	for (; from && *from; from++) {
		size_t n = strlen(*from) + 1;

		memcpy(*text, *from, n);
		*to++ = *text;
		*text += n;
	}
	*to = NULL;
	return to + 1;
}

static int take_words(struct helper *h, const char *path, const char *const *argv,
		      const char *const *envp)
{
	const char *const first[] = { path, NULL };
	size_t bytes = 0;
	unsigned nr = 3;
	char **at, *text;

	if (!count_words(first, &nr, &bytes) || !count_words(argv, &nr, &bytes) ||
	    !count_words(envp, &nr, &bytes))
		return -E2BIG;
	h->words = kmalloc(nr * sizeof(char *) + bytes, GFP_KERNEL);
	if (!h->words)
		return -ENOMEM;
	text = (char *)(h->words + nr);
	at = copy_words(h->words, first, &text) - 1;
	h->envp = copy_words(at, argv, &text);
	(void)copy_words(h->envp, envp, &text);
	return 0;
}

/* ---- the thread ---- */

static int become_program(struct helper *h)
{
	struct task *t = current_task();
	int err = h->init ? h->init(h->info, module_current()->cred) : 0;

	if (err)
		return err;
	t->fs = fs_struct_root();
	t->files = files_alloc();
	if (!t->fs || !t->files)
		return -ENOMEM;
	signal_heed_all();
	return exec_kernel(h->words[0], (const char *const *)h->words + 1,
			   (const char *const *)h->envp);
}

static void helper_thread(void *arg)
{
	struct helper *h = arg;
	int err;

	h->task = current_task();
	task_get(h->task);
	err = become_program(h);
	WRITE_ONCE(h->result, err);
	waitq_wake_all(&h->wait);
	helper_put(h);
	if (!err)
		arch_enter_user();
	do_exit(0);
}

/* ---- the caller ---- */

static struct helper *helper_new(const char *path, const char *const *argv, const char *const *envp)
{
	struct helper *h = failpoint("module_umh") ? NULL : kzalloc(sizeof(*h), GFP_KERNEL);

	if (!h)
		return NULL;
	atomic_set(&h->refs, 2);
	waitq_init(&h->wait);
	h->result = 1;
	if (!take_words(h, path, argv, envp))
		return h;
	kfree(h);
	return NULL;
}

static int wait_for_end(struct task *t)
{
	int code;

	wait_event(&t->signal->wait_ended, signal_group_ended(t->signal));
	return task_wait_status(t, &code);
}

/* 0, a status, or -errno. */
static int follow(struct helper *h, unsigned how)
{
	int ret;

	if (how == UMH_NO_WAIT)
		return 0;
	wait_event(&h->wait, READ_ONCE(h->result) <= 0);
	ret = READ_ONCE(h->result);
	return ret || how != UMH_WAIT_PROC ? ret : wait_for_end(h->task);
}

int module_usermodehelper(const struct umh_call *c, unsigned how)
{
	struct helper *h = helper_new(c->path, c->argv, c->envp);
	int ret;

	if (!h)
		return -ENOMEM;
	h->init = c->init;
	h->info = c->info;
	if (!kthread_run(helper_thread, h, "kworker/u:umh")) {
		helper_put(h);
		helper_put(h);
		return -ENOMEM;
	}
	ret = follow(h, how & ~(unsigned)UMH_KILLABLE);
	helper_put(h);
	return ret;
}
