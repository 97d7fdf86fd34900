/* One execve(2) on its way: shared by exec.c (stages), exec_load.c (mapping), exec_auxv.c (stack tables) and
 * exec_stack.c (writing to the new stack). */
#ifndef SYS_EXEC_IMPL_H
#define SYS_EXEC_IMPL_H

#include "sys/sys.h"

#include "fs/path.h"
#include "mm/layout.h"
#include "mm/mm.h"
#include "sys/elf.h"

enum {
	EXEC_HEAD = 256,
	EXEC_MAX_SCRIPTS = 4,
	EXEC_MAX_SCRIPT_ARGS = 2 * EXEC_MAX_SCRIPTS + 1,
	EXEC_MAX_STRING = 131072,
	EXEC_MAX_STRINGS = 0x7fffffff / 64,
	EXEC_MAX_AUXV = 2 * 24,
	EXEC_MS_NOEXEC = 8
};

/* A NULL-terminated array of strings, in user or in kernel memory. */
struct exec_strings {
	uaddr_t user;
	const char *const *kernel;
};

struct exec_ctx {
	char *filename; /* as given: AT_EXECFN, and comm */
	struct exec_strings argv, envp;
	unsigned argc, envc;
	struct file *file; /* the program (or, in between, a script) */
	bool deny_write;   /* file's inode counts this exec as a denier */
	size_t head_len;
	unsigned script_depth, nr_script_args;
	bool has_interp;
	const struct abi *abi; /* the program's */
	struct mm_struct *mm;  /* the new one, until committed */
	struct cred *cred;     /* what a set-user-ID file gives, until committed; NULL: no change */
	bool holds_rights;     /* ptrace_rights_hold was called */
	bool may_raise;	       /* and that is what it said */
	bool set_id;	       /* the file gives its user or group */
	bool dumpable;	       /* it may be read, and who runs it has no other ids than his own */
	bool randomize;
	unsigned long
		old_personality;  /* the caller's, once mm is there: a failure brings it back */
	char *buf;		  /* a page */
	unsigned long p, p_limit; /* stack pointer while building, and how low strings may go */
	struct page *stack_page;  /* exec_stack.c */
	uaddr_t stack_at;
	unsigned long bias, interp_bias; /* load address minus link address */
	uaddr_t start;			 /* first instruction: interpreter's or program's */
	uaddr_t execfn, random, platform;
	unsigned nr_auxv; /* words in mm->saved_auxv */
	/* From here on nothing is zero at the beginning: */
	char head[EXEC_HEAD];
	char script_lines[EXEC_MAX_SCRIPTS][EXEC_HEAD];
	const char *script_args[EXEC_MAX_SCRIPT_ARGS];
	struct elf_program prog, interp; /* written by elf_parse() */
};

/* exec.c */
/* Bytes by which a mapping of a program of @abi moves, when it does. */
unsigned long exec_random_mmap(const struct abi *abi);
/* exec_load.c */
int must_check
exec_parse(struct exec_ctx *x); /* head and program headers to x->prog; interpreter to x->interp */
int must_check
exec_load(struct exec_ctx *x); /* map both, set mm's code, data and break, and x->start */
/* exec_stack.c */
int must_check exec_put(struct exec_ctx *x, uaddr_t at, const void *data,
			size_t len); /* 0 or -ENOMEM */
/* First byte behind the string at @at; 0: no memory. */
uaddr_t exec_string_end(struct exec_ctx *x, uaddr_t at);
void exec_stack_done(struct exec_ctx *x); /* nothing more is written */
/* exec_auxv.c */
void exec_auxv(struct exec_ctx *x); /* fill mm->saved_auxv */
/* argc, argv, envp, auxv at @sp; mm->saved_auxv has the program's words afterwards. */
int must_check exec_tables(struct exec_ctx *x, uaddr_t sp);
int must_check
exec_creds_prepare(struct exec_ctx *x); /* set-user-ID to x->cred; file capabilities do not exist */

#endif
