/*
 * What a new program finds on its stack: argc, argv, envp and the auxiliary vector; and what of the task changes with it.
 *
 * LOCKS    none here.   CONTEXT  a task; sleeps.
 * SOURCES  getauxval(3), execve(2), capabilities(7).
 */
#include "sys/exec_impl.h"

#include "arch/sigframe.h"
#include "arch/vdso.h"
#include "lib/string.h"

enum {
	AT_NULL,
	AT_PHDR = 3,
	AT_PHENT,
	AT_PHNUM,
	AT_PAGESZ,
	AT_BASE,
	AT_FLAGS,
	AT_ENTRY,
	AT_UID = 11,
	AT_EUID,
	AT_GID,
	AT_EGID,
	AT_PLATFORM,
	AT_HWCAP,
	AT_CLKTCK,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_HWCAP2 = 26,
	AT_RSEQ_FEATURE_SIZE,
	AT_RSEQ_ALIGN,
	AT_EXECFN = 31,
	AT_SYSINFO = 32,
	AT_SYSINFO_EHDR = 33,
	AT_MINSIGSTKSZ = 51
};

static void aux_add(struct exec_ctx *x, unsigned long type, unsigned long value)
{
	x->mm->saved_auxv[x->nr_auxv++] = type;
	x->mm->saved_auxv[x->nr_auxv++] = value;
}

void exec_auxv(struct exec_ctx *x)
{
	const struct cred *c = x->cred ? x->cred : current_task()->cred;

	if (x->mm->vdso && x->abi->word == 4)
		aux_add(x, AT_SYSINFO, x->mm->vdso + vdso_offsets.vsyscall);
	if (x->mm->vdso)
		aux_add(x, AT_SYSINFO_EHDR, x->mm->vdso);
	aux_add(x, AT_MINSIGSTKSZ, sigframe_max_bytes(x->abi->word == 4));
	aux_add(x, AT_HWCAP, cpu_hwcap());
	aux_add(x, AT_PAGESZ, PAGE_SIZE);
	aux_add(x, AT_CLKTCK, CFG_HZ);
	aux_add(x, AT_PHDR, x->prog.phdr_vaddr ? (unsigned long)x->prog.phdr_vaddr + x->bias : 0);
	aux_add(x, AT_PHENT, x->prog.phentsize);
	aux_add(x, AT_PHNUM, x->prog.phnum);
	aux_add(x, AT_BASE, x->has_interp ? x->interp_bias : 0);
	aux_add(x, AT_FLAGS, 0);
	aux_add(x, AT_ENTRY, (unsigned long)x->prog.entry + x->bias);
	aux_add(x, AT_UID, c->uid);
	aux_add(x, AT_EUID, c->euid);
	aux_add(x, AT_GID, c->gid);
	aux_add(x, AT_EGID, c->egid);
	aux_add(x, AT_SECURE, c->uid != c->euid || c->gid != c->egid);
	aux_add(x, AT_RANDOM, x->random);
	aux_add(x, AT_HWCAP2, 0);
	aux_add(x, AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE);
	aux_add(x, AT_RSEQ_ALIGN, RSEQ_ALIGN);
	aux_add(x, AT_EXECFN, x->execfn);
	aux_add(x, AT_PLATFORM, x->platform);
	aux_add(x, AT_NULL, 0);
}

/* @n longs become the program's words, where they are. */
static void to_words(const struct exec_ctx *x, unsigned long *words, size_t n)
{
	uint32_t *narrow = (uint32_t *)words;

	for (size_t i = 0; x->abi->word < sizeof(long) && i < n; i++) {
		uint32_t w = (uint32_t)words[i];

		memcpy(narrow + i, &w, sizeof(w));
	}
}

/* Write @n words at *sp and move it; they are the program's afterwards. */
static int put_words(struct exec_ctx *x, uaddr_t *sp, unsigned long *words, size_t n)
{
	size_t bytes = n * x->abi->word;

	to_words(x, words, n);

	if (exec_put(x, *sp, words, bytes))
		return -ENOMEM;
	*sp += bytes;
	return 0;
}

/* Pointers to @n strings that lie one after the other from *str, and the NULL behind them; x->buf collects them. */
static int put_pointers(struct exec_ctx *x, uaddr_t *sp, uaddr_t *str, unsigned n)
{
	unsigned long *ptr = (unsigned long *)x->buf;
	const size_t max = PAGE_SIZE / sizeof(*ptr) - 1;
	size_t nr = 0;

	for (unsigned i = 0; i < n; i++) {
		ptr[nr++] = *str;
		*str = exec_string_end(x, *str);
		if (!*str)
			return -ENOMEM;
		if (nr == max) {
			int err = put_words(x, sp, ptr, nr);

			if (err)
				return err;
			nr = 0;
		}
	}
	ptr[nr++] = 0;
	return put_words(x, sp, ptr, nr);
}

int exec_tables(struct exec_ctx *x, uaddr_t sp)
{
	unsigned long argc = x->argc;
	uaddr_t str = x->mm->arg_start;
	int err;

	x->mm->start_stack = sp;
	err = put_words(x, &sp, &argc, 1);
	if (!err)
		err = put_pointers(x, &sp, &str, x->argc);
	if (!err)
		err = put_pointers(x, &sp, &str, x->envc);
	if (!err)
		err = put_words(x, &sp, x->mm->saved_auxv, x->nr_auxv);
	return err;
}

/* May this execve give rights that the caller has not? */
static bool may_raise(struct exec_ctx *x)
{
	if (current_task()->no_new_privs)
		return false;
	if (!x->holds_rights)
		x->may_raise = ptrace_rights_hold();
	x->holds_rights = true;
	return x->may_raise;
}

/* The effective ids of a set-id program, unless somebody without rights of his own would have a hand in it. */
static void take_file_ids(struct exec_ctx *x, struct cred *c)
{
	const struct inode *inode = x->file->inode;
	bool suid = inode->mode & S_ISUID,
	     sgid = (inode->mode & (S_ISGID | 0010)) == (S_ISGID | 0010);

	if ((!suid && !sgid) || path_nosuid(&x->file->path) || !may_raise(x))
		return;
	x->set_id = true;
	if (suid)
		c->euid = inode->uid;
	if (sgid)
		c->egid = inode->gid;
}

/* capabilities(7), "Transformation of capabilities during execve()": no file has any here; user 0's have all. */
static void exec_caps(struct exec_ctx *x, struct cred *c, const struct cred *old)
{
	bool root_is_special = !(c->securebits & SECURE_NOROOT);

	if (c->euid != old->uid || c->egid != old->gid)
		c->cap_ambient = 0;
	c->cap_permitted = c->cap_ambient;
	if (root_is_special && (!c->euid || !c->uid))
		c->cap_permitted |= c->cap_inheritable | c->cap_bounding;
	if ((c->cap_permitted & ~old->cap_permitted) && !may_raise(x))
		c->cap_permitted &= old->cap_permitted;
	c->cap_effective = root_is_special && !c->euid ? c->cap_permitted : c->cap_ambient;
	c->securebits &= ~(uint32_t)SECURE_KEEP_CAPS;
}

static bool cred_same(const struct cred *a, const struct cred *b)
{
	return a->euid == b->euid && a->suid == b->suid && a->fsuid == b->fsuid &&
	       a->egid == b->egid && a->sgid == b->sgid && a->fsgid == b->fsgid &&
	       a->cap_permitted == b->cap_permitted && a->cap_effective == b->cap_effective &&
	       a->cap_ambient == b->cap_ambient && a->securebits == b->securebits;
}

int exec_creds_prepare(struct exec_ctx *x)
{
	const struct cred *old = current_task()->cred;
	struct cred c = *old;

	x->dumpable = old->uid == old->euid && old->gid == old->egid &&
		      !inode_permission(x->file->inode, MAY_READ);
	take_file_ids(x, &c);
	c.suid = c.fsuid = c.euid;
	c.sgid = c.fsgid = c.egid;
	exec_caps(x, &c, old);
	if (cred_same(&c, old))
		return 0;
	x->cred = cred_dup(&c);
	return x->cred ? 0 : -ENOMEM;
}
