/*
 * Parameters of modules: the words after insmod's file name, and the files in /sys/module/NAME/parameters.
 *
 * OWNS     strings that charp parameters point to.
 * WHY      set and get of a type are functions that modules also call from their own; so they are Linux's, by name and shape.
 * I1       a charp's string is ours exactly when it is on the list of strings: a default is the module's.
 * LOCKS    param_lock (mutex): sets by files and by loading, and gets of strings.
 * CONTEXT  tasks; sleeps.
 * FAILS    -EINVAL: not such a value; -ERANGE: too large; -ENOSPC: a string too long; -ENOMEM. An unknown name is only warned of.
 * SOURCES  Linux Documentation/admin-guide/kernel-parameters.rst (quotes, - and _ are the same); modinfo(8).
 * TESTED BY  module_basic (guest)
 */
#include "module/module_impl.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { GET_MAX = PAGE_SIZE, STRING_MAX = 1024 };

struct owned_string {
	struct list_head link;
	char text[];
};

static struct mutex param_lock = MUTEX_INIT(param_lock, RANK_MODULE_PARAM);
static struct list_head strings = LIST_HEAD_INIT(strings); /* param_lock */

/* ---- numbers ---- */

/* A whole number in C's notation, a newline behind it allowed, within [min, max]. */
static int parse_number(const char *val, int64_t min, uint64_t max, uint64_t *out)
{
	char text[32];
	bool minus;
	size_t len;
	uint64_t n;
	int err;

	if (!val)
		return -EINVAL;
	len = strlen(val);
	if (len && val[len - 1] == '\n')
		len--;
	if (!len || len >= sizeof(text))
		return -EINVAL;
	memcpy(text, val, len);
	text[len] = '\0';
	minus = *text == '-';
	err = str_to_u64(text + minus + (!minus && *text == '+'), &n);
	if (err)
		return err;
	if (minus ? (min == 0 && n) || n > -(uint64_t)min : n > max)
		return min == 0 && minus ? -EINVAL : -ERANGE;
	*out = minus ? -n : n;
	return 0;
}

#define PARAM_NUMBER(name, type, min, max, format)                                                 \
	int param_set_##name(const char *val, const struct kernel_param *kp)                       \
	{                                                                                          \
		uint64_t n;                                                                        \
		int err = parse_number(val, min, max, &n);                                         \
                                                                                                   \
		if (!err)                                                                          \
			*(type *)kp->arg = (type)n;                                                \
		return err;                                                                        \
	}                                                                                          \
	int param_get_##name(char *buffer, const struct kernel_param *kp)                          \
	{                                                                                          \
		return (int)fmt_scnprintf(buffer, GET_MAX, format "\n", *(type *)kp->arg);         \
	}                                                                                          \
	const struct kernel_param_ops param_ops_##name = { .set = param_set_##name,                \
							   .get = param_get_##name }

int param_set_byte(const char *val, const struct kernel_param *kp);
int param_get_byte(char *buffer, const struct kernel_param *kp);
int param_set_short(const char *val, const struct kernel_param *kp);
int param_get_short(char *buffer, const struct kernel_param *kp);
int param_set_ushort(const char *val, const struct kernel_param *kp);
int param_get_ushort(char *buffer, const struct kernel_param *kp);
int param_set_long(const char *val, const struct kernel_param *kp);
int param_get_long(char *buffer, const struct kernel_param *kp);
int param_set_ulong(const char *val, const struct kernel_param *kp);
int param_get_ulong(char *buffer, const struct kernel_param *kp);
int param_set_ullong(const char *val, const struct kernel_param *kp);
int param_get_ullong(char *buffer, const struct kernel_param *kp);
int param_set_hexint(const char *val, const struct kernel_param *kp);
int param_get_hexint(char *buffer, const struct kernel_param *kp);

PARAM_NUMBER(byte, unsigned char, 0, 255, "%hhu");
PARAM_NUMBER(short, short, -32768, 32767, "%hd");
PARAM_NUMBER(ushort, unsigned short, 0, 65535, "%hu");
PARAM_NUMBER(int, int, INT_MIN, INT_MAX, "%d");
PARAM_NUMBER(uint, unsigned, 0, UINT_MAX, "%u");
PARAM_NUMBER(long, long, LONG_MIN, LONG_MAX, "%ld");
PARAM_NUMBER(ulong, unsigned long, 0, ULONG_MAX, "%lu");
PARAM_NUMBER(ullong, unsigned long long, 0, UINT64_MAX, "%llu");
PARAM_NUMBER(hexint, unsigned, 0, UINT_MAX, "%#08x");

/* ---- yes and no ---- */

/* y Y 1 on; n N 0 off. */
static int parse_bool(const char *val, bool *out)
{
	char c = val ? *val : '1';

	if (c == 'o' || c == 'O')
		c = val[1] == 'n' || val[1] == 'N' ? 'y' : val[1] == 'f' || val[1] == 'F' ? 'n' : 0;
	if (c == 'y' || c == 'Y' || c == '1')
		*out = true;
	else if (c == 'n' || c == 'N' || c == '0')
		*out = false;
	else
		return -EINVAL;
	return 0;
}

int param_set_bool(const char *val, const struct kernel_param *kp)
{
	return parse_bool(val, kp->arg);
}

int param_get_bool(char *buffer, const struct kernel_param *kp)
{
	return (int)fmt_scnprintf(buffer, GET_MAX, "%c\n", *(bool *)kp->arg ? 'Y' : 'N');
}

static int set_invbool(const char *val, const struct kernel_param *kp)
{
	bool v;
	int err = parse_bool(val, &v);

	if (!err)
		*(bool *)kp->arg = !v;
	return err;
}

static int get_invbool(char *buffer, const struct kernel_param *kp)
{
	return (int)fmt_scnprintf(buffer, GET_MAX, "%c\n", *(bool *)kp->arg ? 'N' : 'Y');
}

const struct kernel_param_ops param_ops_bool = { .flags = KERNEL_PARAM_OPS_FL_NOARG,
						 .set = param_set_bool,
						 .get = param_get_bool };
const struct kernel_param_ops param_ops_invbool = { .set = set_invbool, .get = get_invbool };

/* ---- text ---- */

static void forget_string(char *text)
{
	struct owned_string *s;

	list_for_each_entry (s, &strings, link) {
		if (s->text == text) {
			list_del(&s->link);
			kfree(s);
			return;
		}
	}
}

int param_set_charp(const char *val, const struct kernel_param *kp)
{
	size_t len = val ? strlen(val) : 0;
	struct owned_string *s;

	if (!val)
		return -EINVAL;
	if (len > STRING_MAX)
		return -ENOSPC;
	s = failpoint("param_string") ? NULL : kmalloc(sizeof(*s) + len + 1, GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	memcpy(s->text, val, len + 1);
	forget_string(*(char **)kp->arg);
	list_add(&s->link, &strings);
	*(char **)kp->arg = s->text;
	return 0;
}

int param_get_charp(char *buffer, const struct kernel_param *kp)
{
	const char *text = *(char **)kp->arg;

	return (int)fmt_scnprintf(buffer, GET_MAX, "%s\n", text ? text : "(null)");
}

static void free_charp(void *arg)
{
	forget_string(*(char **)arg);
}

const struct kernel_param_ops param_ops_charp = { .set = param_set_charp,
						  .get = param_get_charp,
						  .free = free_charp };

static int set_string(const char *val, const struct kernel_param *kp)
{
	if (!val)
		return -EINVAL;
	if (strlen(val) + 1 > kp->str->maxlen)
		return -ENOSPC;
	(void)str_copy(kp->str->string, val, kp->str->maxlen);
	return 0;
}

static int get_string(char *buffer, const struct kernel_param *kp)
{
	return (int)fmt_scnprintf(buffer, GET_MAX, "%s\n", kp->str->string);
}

const struct kernel_param_ops param_ops_string = { .set = set_string, .get = get_string };

/* ---- arrays: values between commas ---- */

static struct kernel_param element(const struct kernel_param *kp, unsigned i)
{
	return (struct kernel_param){
		.name = kp->name, .arg = (char *)kp->arr->elem + (size_t)i * kp->arr->elemsize
	};
}

static int set_array(const char *val, const struct kernel_param *kp)
{
	const struct kparam_array *a = kp->arr;
	char *copy = val ? kstrdup(val, GFP_KERNEL) : NULL, *at = copy, *comma;
	unsigned n = 0;
	int err = val ? 0 : -EINVAL;

	if (val && !copy)
		return -ENOMEM;
	while (at && !err) {
		struct kernel_param one = element(kp, n);

		comma = strchr(at, ',');
		if (comma)
			*comma = '\0';
		err = n < a->max ? a->ops->set(at, &one) : -EINVAL;
		n++;
		at = comma ? comma + 1 : NULL;
	}
	kfree(copy);
	if (!err && a->num)
		*a->num = n;
	return err;
}

static int get_array(char *buffer, const struct kernel_param *kp)
{
	const struct kparam_array *a = kp->arr;
	unsigned n = a->num ? *a->num : a->max;
	int len = 0;

	for (unsigned i = 0; i < n && len < (int)GET_MAX / 2; i++) {
		struct kernel_param one = element(kp, i);

		if (len)
			buffer[len - 1] = ','; /* was the newline */
		len += a->ops->get(buffer + len, &one);
	}
	return len;
}

static void free_array(void *arg)
{
	const struct kparam_array *a = arg;

	for (unsigned i = 0; a->ops->free && i < a->max; i++)
		a->ops->free((char *)a->elem + (size_t)i * a->elemsize);
}

const struct kernel_param_ops param_array_ops = { .set = set_array,
						  .get = get_array,
						  .free = free_array };

/* ---- loading ---- */

static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a == '-' ? '_' : *a, y = *b == '-' ? '_' : *b;

		if (x != y)
			return false;
	}
	return *a == *b;
}

/* Cut the next word off *args: *name, and *value after the equals sign or NULL. Quotes group, and go. */
static bool next_word(char **args, char **name, char **value)
{
	char *p = *args, *out;
	bool quoted = false;

	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	if (!*p)
		return false;
	*name = out = p;
	*value = NULL;
	for (; *p && (quoted || (*p != ' ' && *p != '\t' && *p != '\n')); p++) {
		if (*p == '"') {
			quoted = !quoted;
		} else if (*p == '=' && !*value) {
			*out++ = '\0';
			*value = out;
		} else {
			*out++ = *p;
		}
	}
	*args = *p ? p + 1 : p;
	*out = '\0';
	return true;
}

static int set_param(const struct module *mod, const char *name, const char *value)
{
	for (unsigned i = 0; i < mod->nr_params; i++) {
		const struct kernel_param *kp = &mod->params[i];

		if (!same_name(kp->name, name))
			continue;
		if (!value && !(kp->ops->flags & KERNEL_PARAM_OPS_FL_NOARG))
			return -EINVAL;
		return kp->ops->set(value, kp);
	}
	pr_warn("%s: unknown parameter '%s' ignored", mod->name, name);
	return 0;
}

int module_parse_args(struct module *mod, char *args)
{
	char *name, *value;
	int err = 0;

	mutex_lock(&param_lock);
	while (!err && next_word(&args, &name, &value) && strcmp(name, "--") != 0) {
		err = set_param(mod, name, value);
		if (err == -ENOSPC)
			pr_err("%s: `%s' too large for parameter `%s'", mod->name,
			       value ? value : "", name);
		else if (err)
			pr_err("%s: `%s' invalid for parameter `%s'", mod->name, value ? value : "",
			       name);
	}
	mutex_unlock(&param_lock);
	return err;
}

int module_param_store(const struct kernel_param *kp, const char *text)
{
	int err = -EPERM;

	mutex_lock(&param_lock);
	if (kp->ops->set)
		err = kp->ops->set(text, kp);
	mutex_unlock(&param_lock);
	return err;
}

int module_param_show(const struct kernel_param *kp, char *buf)
{
	int len = -EPERM;

	mutex_lock(&param_lock);
	if (kp->ops->get)
		len = kp->ops->get(buf, kp);
	mutex_unlock(&param_lock);
	return len;
}

void module_param_crashed(void) no_lock_analysis
{
	if (param_lock.owner == thread_self())
		mutex_unlock(&param_lock);
}

void module_free_params(struct module *mod)
{
	mutex_lock(&param_lock);
	for (unsigned i = 0; i < mod->nr_params; i++)
		if (mod->params[i].ops->free)
			mod->params[i].ops->free(mod->params[i].arg);
	mutex_unlock(&param_lock);
}
