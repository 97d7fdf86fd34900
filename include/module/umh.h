/* call_usermodehelper: shared by module/umh.c and include/linux/umh.h. */
#ifndef MODULE_UMH_H
#define MODULE_UMH_H

struct cred_view;

enum { UMH_NO_WAIT, UMH_WAIT_EXEC, UMH_WAIT_PROC, UMH_KILLABLE = 4 };

/* In the program's thread, before it is there; not 0: it does not become one. */
typedef int (*umh_init_fn)(void *info, const struct cred_view *cred);

struct umh_call {
	const char *path;
	const char *const *argv, *const *envp;
	umh_init_fn init; /* NULL: none */
	void *info;
};
int module_usermodehelper(const struct umh_call *call, unsigned int how);

#endif
