/* Module parameters: module_param() and its relatives. The kernel's side is module/param.c. */
#ifndef _LINUX_MODULEPARAM_H
#define _LINUX_MODULEPARAM_H

#include "base/compiler.h"
#include "base/types.h"

#undef bool
typedef _Bool bool; /* the word itself, so that module_param(x, bool, 0) can make a name of it */

struct kernel_param;

enum { KERNEL_PARAM_OPS_FL_NOARG = 1 };

struct kernel_param_ops {
	unsigned int flags; /* NOARG: the name alone is a value */
	int (*set)(const char *val, const struct kernel_param *kp);
	int (*get)(char *buffer, const struct kernel_param *kp); /* a page; Return: length */
	void (*free)(void *arg);
};

struct kparam_string {
	unsigned int maxlen;
	char *string;
};

struct kparam_array {
	unsigned int max, elemsize;
	unsigned int *num; /* how many were given; may be NULL */
	const struct kernel_param_ops *ops;
	void *elem;
};

/* One entry of a module's section __param. */
struct kernel_param {
	const char *name;
	const struct kernel_param_ops *ops;
	union {
		void *arg;
		const struct kparam_string *str;
		const struct kparam_array *arr;
	};
	unsigned long perm; /* of its file in /sys/module/NAME/parameters; 0: none */
};

extern const struct kernel_param_ops param_ops_byte, param_ops_short, param_ops_ushort,
	param_ops_int, param_ops_uint, param_ops_long, param_ops_ulong, param_ops_ullong,
	param_ops_hexint, param_ops_charp, param_ops_bool, param_ops_invbool, param_array_ops,
	param_ops_string;
int param_set_int(const char *val, const struct kernel_param *kp);
int param_get_int(char *buffer, const struct kernel_param *kp);
int param_set_uint(const char *val, const struct kernel_param *kp);
int param_get_uint(char *buffer, const struct kernel_param *kp);
int param_set_bool(const char *val, const struct kernel_param *kp);
int param_get_bool(char *buffer, const struct kernel_param *kp);
int param_set_charp(const char *val, const struct kernel_param *kp);
int param_get_charp(char *buffer, const struct kernel_param *kp);

/* ---- for modules ---- */
#define MODULE_INFO_(line, tag, text)                                                              \
	static const char __attribute__((used, aligned(1), section(".modinfo")))                   \
	modinfo_##line##_##tag[] = #tag "=" text
#define MODULE_INFO__(line, tag, text) MODULE_INFO_(line, tag, text)
#define __MODULE_INFO(tag, name, info) MODULE_INFO__(__COUNTER__, tag, info)
#define MODULE_INFO(tag, info)	       MODULE_INFO__(__COUNTER__, tag, info)
#define MODULE_PARM_DESC(var, desc)    MODULE_INFO(parm, #var ":" desc)

#define MODULE_PARAM_ENTRY(pname, pops, pperm, member, value)                                      \
	static const struct kernel_param                                                           \
		__attribute__((used, section("__param"), aligned(sizeof(void *))))                 \
		param_entry_##pname = {                                                            \
			.name = #pname, .ops = (pops), .perm = (pperm), .member = (value)          \
		}
#define module_param_cb(name, ops, arg_, perm) MODULE_PARAM_ENTRY(name, ops, perm, arg, arg_)
#define module_param_named(name, value, type, perm)                                                \
	MODULE_PARAM_ENTRY(name, &param_ops_##type, perm, arg, &(value));                          \
	MODULE_INFO(parmtype, #name ":" #type)
#define module_param(name, type, perm) module_param_named(name, name, type, perm)
#define module_param_string(name, text, len, perm)                                                 \
	static const struct kparam_string param_string_##name = { len, text };                     \
	MODULE_PARAM_ENTRY(name, &param_ops_string, perm, str, &param_string_##name);              \
	MODULE_INFO(parmtype, #name ":string")
#define module_param_array_named(name, array, type, nump, perm)                                    \
	static const struct kparam_array param_array_##name = { .max = sizeof(array) /             \
								       sizeof((array)[0]),         \
								.elemsize = sizeof((array)[0]),    \
								.num = (nump),                     \
								.ops = &param_ops_##type,          \
								.elem = (array) };                 \
	MODULE_PARAM_ENTRY(name, &param_array_ops, perm, arr, &param_array_##name);                \
	MODULE_INFO(parmtype, #name ":array of " #type)
#define module_param_array(name, type, nump, perm)                                                 \
	module_param_array_named(name, name, type, nump, perm)

/* The form before operations: functions for one parameter. */
#define module_param_call(name, set_fn, get_fn, arg_, perm)                                        \
	static const struct kernel_param_ops param_calls_##name = { .set = (void *)(set_fn),       \
								    .get = (void *)(get_fn) };     \
	MODULE_PARAM_ENTRY(name, &param_calls_##name, perm, arg, arg_)

/* Who sets one of these taints Linux's kernel. */
#define module_param_unsafe		      module_param
#define module_param_named_unsafe	      module_param_named
#define module_param_cb_unsafe		      module_param_cb
#define module_param_hw(name, type, hw, perm) module_param(name, type, perm)

#endif
