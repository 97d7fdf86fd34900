/* Programs that a module starts. */
#ifndef _LINUX_UMH_H
#define _LINUX_UMH_H

#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/slab.h>

#include "module/umh.h"

struct subprocess_info {
	const char *path;
	char **argv, **envp;
	int wait, retval;
	int (*init)(struct subprocess_info *info, struct cred *cred);
	void (*cleanup)(struct subprocess_info *info);
	void *data;
};

static inline struct subprocess_info *
call_usermodehelper_setup(const char *path, char **argv, char **envp, gfp_t gfp,
			  int (*init)(struct subprocess_info *info, struct cred *cred),
			  void (*cleanup)(struct subprocess_info *info), void *data)
{
	struct subprocess_info *info = kzalloc(sizeof(*info), gfp);

	if (info)
		*info = (struct subprocess_info){ .path = path,
						  .argv = argv,
						  .envp = envp,
						  .init = init,
						  .cleanup = cleanup,
						  .data = data };
	return info;
}

/* 0, with UMH_WAIT_PROC the program's wait status; -errno. @info goes. */
static inline int call_usermodehelper_exec(struct subprocess_info *info, int wait)
{
	const struct umh_call call = { .path = info->path,
				       .argv = (const char *const *)info->argv,
				       .envp = (const char *const *)info->envp,
				       .init = (umh_init_fn)(void *)info->init,
				       .info = info };

	info->retval = module_usermodehelper(&call, (unsigned int)wait);
	if (info->cleanup)
		info->cleanup(info);
	wait = info->retval;
	kfree(info);
	return wait;
}

static inline int call_usermodehelper(const char *path, char **argv, char **envp, int wait)
{
	const struct umh_call call = { .path = path,
				       .argv = (const char *const *)argv,
				       .envp = (const char *const *)envp };

	return module_usermodehelper(&call, (unsigned int)wait);
}

/* A module by name: /sbin/modprobe is asked. -ENOENT: there is none; its wait status. */
#define request_module(...)                                                                        \
	({                                                                                         \
		char module_name_[64];                                                             \
		char *module_argv_[] = { "/sbin/modprobe", "-q", "--", module_name_, NULL };       \
		char *module_envp_[] = { "HOME=/", "TERM=linux",                                   \
					 "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL };             \
		snprintf(module_name_, sizeof(module_name_), __VA_ARGS__);                         \
		call_usermodehelper(module_argv_[0], module_argv_, module_envp_, UMH_WAIT_PROC);   \
	})
#define request_module_nowait request_module
#define try_then_request_module(x, ...)                                                            \
	({                                                                                         \
		__typeof__(x) found_ = (x);                                                        \
		found_ ? found_ : (request_module(__VA_ARGS__), (x));                              \
	})

#endif
