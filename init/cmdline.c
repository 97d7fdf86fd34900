/*
 * The kernel command line: what the kernel knows it takes, the rest goes to init as Linux does it.
 *
 * OWNS     nothing; the strings stay in the caller's buffer.
 * WHY      a word NAME=VALUE that nobody knows becomes init's environment, a word without '=' its argument, and
 *          everything behind "--" arguments. A word with a '.' before its '=' is some module's and is dropped.
 * CONTEXT  boot.   SOURCES  bootparam(7), kernel-parameters.   TESTED BY  init/cmdline_test.c, tests/boot.
 */
#include "init/cmdline.h"

#include "lib/string.h"
#include "mm/huge.h"
#include "sync/klog.h"

/* Words other parts of the kernel read for themselves (console_init, panic_init, acpi_init, ...). */
static const char *const known[] = {
	"console",     "quiet",	       "debug",	  "loglevel", "panic",	    "maxcpus",
	"nosmp",       "nr_cpus",      "ro",	  "rw",	      "root",	    "rootfstype",
	"rootflags",   "noapic",       "nolapic", "acpi",     "debug-exit", "earlyprintk",
	"vdso",	       "no5lvl",       "tsc",	  "nokaslr",  "norandmaps", "mitigations",
	"initrd",      "BOOT_IMAGE",   "reboot",  "pci",      "noresume",   "audit",
	"fault_batch", "fault_around", "numa",
};

static bool word_is(const char *word, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(word, name, n) && (word[n] == '=' || !word[n]);
}

/* Value of a NAME=VALUE word, NULL when it is not NAME's. */
static const char *value_of(const char *word, const char *name)
{
	return word_is(word, name) && word[strlen(name)] == '=' ? word + strlen(name) + 1 : NULL;
}

static bool word_known(const char *word)
{
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
		if (word_is(word, known[i]))
			return true;
	}
	return false;
}

static void add(const char **list, unsigned *n, const char *word)
{
	if (*n < CMDLINE_MAX_ARGS)
		list[(*n)++] = word;
	else
		pr_warn("command line: too many words for init, '%s' dropped", word);
}

static void take_unknown(struct cmdline *c, char *word)
{
	const char *eq = strchr(word, '='), *dot = strchr(word, '.');

	if (eq && dot && dot < eq)
		return;
	if (!eq) {
		add(c->argv, &c->argc, word);
		return;
	}
	/* A later setting of a name replaces the earlier one. */
	for (unsigned i = 0; i < c->envc; i++) {
		if (!strncmp(c->envp[i], word, (size_t)(eq - word) + 1)) {
			c->envp[i] = word;
			return;
		}
	}
	add(c->envp, &c->envc, word);
}

/* A number of pages; -1 with a warning when it is none. */
static int number_of(const char *word, const char *v)
{
	uint64_t n;

	if (!str_to_u64(v, &n) && n <= INT_MAX)
		return (int)n;
	pr_warn("command line: '%s' is no number, ignored", word);
	return -1;
}

/* hugepagesz= and default_hugepagesz= say of which size the hugepages= behind them is: there is one size. */
static bool take_huge(struct cmdline *c, const char *word)
{
	const char *v, *end;

	if ((v = value_of(word, "hugepagesz")) || (v = value_of(word, "default_hugepagesz"))) {
		c->other_size = str_to_size(v, &end) != HPAGE_SIZE || *end;
		if (c->other_size)
			pr_warn("HugeTLB: unsupported %s", word);
	} else if ((v = value_of(word, "hugepages"))) {
		if (c->other_size || c->hugepages)
			pr_warn("HugeTLB: %s ignored", word);
		else
			c->hugepages = v;
	} else if ((v = value_of(word, "transparent_hugepage"))) {
		c->thp = v;
	} else {
		return false;
	}
	return true;
}

static void take_word(struct cmdline *c, char *word)
{
	const char *v;

	if (take_huge(c, word)) {
		;
	} else if ((v = value_of(word, "mem"))) {
		const char *end;

		c->mem_limit = str_to_size(v, &end);
		if (*end || !c->mem_limit) {
			pr_warn("command line: '%s' is no size, ignored", word);
			c->mem_limit = 0;
		}
	} else if ((v = value_of(word, "init"))) {
		c->init = v;
		c->argc = 1; /* as Linux: arguments before init= are not its */
	} else if ((v = value_of(word, "rdinit"))) {
		c->rdinit = v;
		c->argc = 1;
	} else if ((v = value_of(word, "fault_batch"))) {
		c->fault_batch = number_of(word, v);
	} else if ((v = value_of(word, "fault_around"))) {
		c->fault_around = number_of(word, v);
	} else if ((v = value_of(word, "policy"))) {
		c->policy = v;
	} else if ((v = value_of(word, "failpoint"))) {
		c->failpoint = number_of(word, v);
	} else if ((v = value_of(word, "fail_make_request"))) {
		c->fail_make_request = v;
	} else if (!strcmp(word, "trace")) {
		c->show_trace = true;
	} else if (!strcmp(word, "conformance")) {
		c->conformance = true;
	} else if (!word_known(word)) {
		take_unknown(c, word);
	}
}

/* The next word; double quotes keep blanks together. NULL at the end. */
static char *next_word(char **text)
{
	char *in = *text, *out, *word;
	bool quoted = false;

	while (*in == ' ' || *in == '\t' || *in == '\n')
		in++;
	if (!*in)
		return NULL;
	word = out = in;
	for (; *in && (quoted || (*in != ' ' && *in != '\t' && *in != '\n')); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*text = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

void cmdline_parse(char *text, struct cmdline *out)
{
	char *word;

	*out = (struct cmdline){ .fault_batch = -1,
				 .fault_around = -1,
				 .failpoint = -1,
				 .rdinit = "/init",
				 .argv = { "init" },
				 .argc = 1,
				 .envp = { "HOME=/", "TERM=linux" },
				 .envc = 2 };
	while ((word = next_word(&text))) {
		if (!strcmp(word, "--"))
			break;
		take_word(out, word);
	}
	while ((word = next_word(&text)))
		add(out->argv, &out->argc, word);
	out->argv[out->argc] = NULL;
	out->envp[out->envc] = NULL;
}
