/* Variables in /proc/sys by both kinds of tables, and a cache that shrinks. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/shrinker.h>
#include <linux/sysctl.h>

static int failures;
#define EXPECT(c)                                                                                  \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			pr_err("tunables: line %d: %s\n", __LINE__, #c);                           \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

static int one = 1, three[3] = { 1, -2, 3 }, bounded = 5, least = 2, most = 10, calls;
static unsigned int positive = 4000000000u;
static unsigned long wide = 7, wide_most = 100;
static char text[8] = "abc";

static int counted(struct ctl_table *t, int write, void *buffer, size_t *len, loff_t *pos)
{
	calls += write;
	return proc_dointvec(t, write, buffer, len, pos);
}

static struct ctl_table table[] = { { .procname = "one",
				      .data = &one,
				      .maxlen = sizeof(one),
				      .mode = 0644,
				      .proc_handler = counted },
				    { .procname = "three",
				      .data = three,
				      .maxlen = sizeof(three),
				      .mode = 0644,
				      .proc_handler = proc_dointvec },
				    { .procname = "bounded",
				      .data = &bounded,
				      .maxlen = sizeof(int),
				      .mode = 0644,
				      .proc_handler = proc_dointvec_minmax,
				      .extra1 = &least,
				      .extra2 = &most },
				    { .procname = "positive",
				      .data = &positive,
				      .maxlen = sizeof(int),
				      .mode = 0644,
				      .proc_handler = proc_douintvec },
				    { .procname = "wide",
				      .data = &wide,
				      .maxlen = sizeof(long),
				      .mode = 0644,
				      .proc_handler = proc_doulongvec_minmax,
				      .extra2 = &wide_most },
				    { .procname = "text",
				      .data = text,
				      .maxlen = sizeof(text),
				      .mode = 0644,
				      .proc_handler = proc_dostring },
				    { .procname = "fixed",
				      .data = &one,
				      .maxlen = sizeof(one),
				      .mode = 0444,
				      .proc_handler = proc_dointvec },
				    {} };
static struct ctl_table leaves[] = { { .procname = "leaf",
				       .data = &one,
				       .maxlen = sizeof(one),
				       .mode = 0644,
				       .proc_handler = proc_dointvec },
				     {} };
static struct ctl_table branch[] = { { .procname = "mnemos_lab", .mode = 0555, .child = leaves },
				     {} };
static struct ctl_table root[] = { { .procname = "dev", .mode = 0555, .child = branch }, {} };
static struct ctl_table_header *here, *there;

/* ---- a cache of numbers ---- */

static unsigned long objects = 1000, scans;

static unsigned long count(struct shrinker *s, struct shrink_control *sc)
{
	return objects ? objects : SHRINK_EMPTY;
}

static unsigned long scan(struct shrinker *s, struct shrink_control *sc)
{
	const unsigned long n = min(sc->nr_to_scan, objects);

	scans++;
	objects -= n;
	return n ? n : SHRINK_STOP;
}

static struct shrinker *cache;

static int __init tunables_init(void)
{
	here = register_sysctl("kernel/mnemos_lab/deep", table);
	there = register_sysctl_table(root);
	EXPECT(here && there);
	EXPECT(register_sysctl("dev/mnemos_lab", leaves) == NULL);
	cache = shrinker_alloc(0, "tunables");
	if (!cache)
		return -ENOMEM;
	cache->count_objects = count;
	cache->scan_objects = scan;
	shrinker_register(cache);
	EXPECT(debugfs_lookup("nothing", NULL) == NULL);
	pr_info("tunables: %d failures\n", failures);
	return failures ? -EINVAL : 0;
}

static void __exit tunables_exit(void)
{
	pr_info("tunables: %d writes, %lu objects after %lu scans\n", calls, objects, scans);
	shrinker_free(cache);
	unregister_sysctl_table(there);
	unregister_sysctl_table(here);
}

module_init(tunables_init) module_exit(tunables_exit) MODULE_LICENSE("GPL");
