/*
 * The frame of a lab's program: its modes, its modules, steps and notes, questions and their answers.
 *
 * Modules that the program loads it unloads, in the reverse order; those that a person has loaded stay.
 */
#include "tap.h"

#include <sys/klog.h>

#include "lab_impl.h"

enum { MAX_MODULES = 4, MAX_CHECKS = 64 };

static const struct lab *the_lab;
static int failures, steps;
static char **given; /* NAME=VALUE */
static int nr_given;

/* ---- modules ---- */

int lab_module_in(const char *name)
{
	const char *dir = getenv("LAB_MODULES");
	const int fd =
		open(lab_f("%s/%s.ko", dir ? dir : LAB_MODULE_DIR, name), O_RDONLY | O_CLOEXEC);
	int ret, err;

	if (fd < 0)
		return -1;
	ret = (int)syscall(SYS_finit_module, fd, "", 0);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

/* The newest complaint about @module in the kernel's log, as " (line)"; "" without one. */
static const char *kernel_says(const char *module)
{
	enum { READ_ALL = 3 };
	static char log[1 << 16];
	const int n = klogctl(READ_ALL, log, sizeof(log) - 1);
	const char *found = NULL;

	log[n > 0 ? n : 0] = '\0';
	for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
		const char *at = strstr(line, module);

		if (at && at[strlen(module)] == ':' && !strstr(at, "taint"))
			found = at;
	}
	return found ? lab_f(" (%s)", found) : "";
}

int lab_module_out(const char *name)
{
	return (int)syscall(SYS_delete_module, name, O_NONBLOCK);
}

static int modules_out(const char *const *name, int ours)
{
	int bad = 0;

	for (int i = MAX_MODULES; i-- > 0;)
		if (ours > 0 && ours >> i & 1)
			bad |= lab_module_out(name[i]);
	if (bad)
		fprintf(stderr, "lab %d: rmmod: %s\n", the_lab->number, strerror(errno));
	return bad;
}

/* Load what the lab needs. Return: a bit for each module that was not there before; -1: one could not be loaded. */
static int modules_in(const char *const *name)
{
	int ours = 0;

	for (int i = 0; name && name[i]; i++) {
		if (lab_module_in(name[i]) == 0) {
			ours |= 1 << i;
		} else if (errno != EEXIST) {
			fprintf(stderr, "lab %d: insmod %s: %s%s\n", the_lab->number, name[i],
				strerror(errno), kernel_says(name[i]));
			return -1;
		}
	}
	for (int i = 0; the_lab->files && the_lab->files[i]; i++) {
		if (access(the_lab->files[i], F_OK)) {
			fprintf(stderr, "lab %d: insmod %s: loaded, but it made no %s\n",
				the_lab->number, name[0], the_lab->files[i]);
			modules_out(name, ours);
			return -1;
		}
	}
	return ours;
}

/* ---- steps and notes ---- */

static const char *format_text(const char *format, va_list ap)
{
	char *s = NULL;

	if (format && vasprintf(&s, format, ap) < 0)
		abort();
	return s;
}

void lab_step(const char *title, const char *format, ...)
{
	const char *says;
	va_list ap;
	FILE *t;

	va_start(ap, format);
	says = format_text(format, ap);
	va_end(ap);
	t = text_begin();
	fprintf(t, "\n%s%s── %d  %s ", color(0), bold(), ++steps, title);
	text_repeat(t, "─", LAB_COLUMNS - 7 - text_width(title) - (steps > 9));
	fprintf(t, "%s\n", plain());
	if (says)
		text_wrapped(t, says, 2);
	if (!text_end())
		return;
	json_begin("step", title);
	json_number("number", (unsigned)steps);
	json_text("says", says);
	json_end();
}

void lab_note(const char *format, ...)
{
	const char *says;
	va_list ap;
	FILE *t;

	va_start(ap, format);
	says = format_text(format, ap);
	va_end(ap);
	t = text_begin();
	fputc('\n', t);
	text_wrapped(t, says, 2);
	if (!text_end())
		return;
	json_begin("note", NULL);
	json_text("says", says);
	json_end();
}

void lab_failed(const char *format, ...)
{
	va_list ap;

	failures++;
	fflush(stdout);
	fprintf(stderr, "lab %d: ", the_lab->number);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

bool lab_told(const char *error)
{
	if (error)
		lab_failed("%s", error);
	return !error;
}

static void heading(void)
{
	struct utsname u;
	FILE *t;

	uname(&u);
	t = text_begin();
	fprintf(t, "%sLab %d: %s%s\n", bold(), the_lab->number, the_lab->title, plain());
	if (!text_end())
		return;
	json_begin("lab", the_lab->title);
	json_number("number", (unsigned)the_lab->number);
	json_text("machine", u.machine);
	json_text("release", u.release);
	json_end();
}

static int show(void)
{
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	heading();
	the_lab->show();
	fflush(stdout);
	return failures != 0;
}

/* ---- questions ---- */

const char *lab_given(const char *name)
{
	const size_t n = strlen(name);

	for (int i = 0; i < nr_given; i++)
		if (strncmp(given[i], name, n) == 0 && given[i][n] == '=')
			return given[i][n + 1] ? given[i] + n + 1 : NULL;
	return NULL;
}

unsigned long long lab_given_number(const char *name, unsigned base, unsigned long long otherwise)
{
	const char *s = lab_given(name);
	unsigned long long v;
	char *end;

	if (!s)
		return otherwise;
	v = strtoull(s, &end, (int)base);
	return end == s || *end ? otherwise : v;
}

static void answer(const char *kind, const char *name, unsigned base, const char *want,
		   const char *where)
{
	json_begin("answer", name);
	json_text("kind", kind);
	json_number("base", base);
	json_text("want", want);
	json_text("where", where);
	json_end();
}

void lab_answer_number(const char *name, unsigned base, unsigned long long want, const char *where)
{
	answer("number", name, base, base == 16 ? lab_f("%llx", want) : lab_f("%llu", want), where);
}

void lab_answer_word(const char *name, const char *want, const char *where)
{
	answer("word", name, 0, want, where);
}

void lab_answer_given(const char *name, unsigned base, const char *where)
{
	answer("given", name, base, NULL, where);
}

static int answers(int argc, char **argv)
{
	given = argv;
	nr_given = argc;
	if (the_lab->answers)
		the_lab->answers();
	fflush(stdout);
	return failures != 0;
}

/* ---- modes ---- */

/* Every question has an answer in this run; what they are nobody reads. */
static void answers_come(void)
{
	NEED(freopen("/dev/null", "w", stdout) != NULL);
	if (the_lab->answers)
		the_lab->answers();
	EQ(failures, 0);
}

static int run_exercise(int argc, char **argv)
{
	static const struct tap_test none[] = { TEND };

	return tap_main(argc, argv, the_lab->exercise ? the_lab->exercise : none);
}

/* The lab's checks, and that its answers come. */
static int run_checks(int argc, char **argv)
{
	struct tap_test all[MAX_CHECKS] = { TEND };
	int n = 0;

	while (n < MAX_CHECKS - 2 && the_lab->checks && the_lab->checks[n].name) {
		all[n] = the_lab->checks[n];
		n++;
	}
	all[n] = (struct tap_test)T(answers_come);
	return tap_main(argc, argv, all);
}

static int run_mode(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strncmp(mode, "check:", 6) == 0) { /* one word for who has but one */
		argv[1] += 6;
		return run_checks(argc, argv);
	}
	if (strcmp(mode, "check") == 0 || strcmp(mode, "exercise") == 0) {
		argv[1] = argv[0];
		return *mode == 'c' ? run_checks(argc - 1, argv + 1)
				    : run_exercise(argc - 1, argv + 1);
	}
	if (strcmp(mode, "answers") == 0)
		return answers(argc - 2, argv + 2);
	for (int i = 1; i < argc; i++) {
		lab_wants_json |= strcmp(argv[i], "--json") == 0;
		lab_wants_color |= strcmp(argv[i], "--color") == 0;
	}
	if (argc > 1 + lab_wants_json + lab_wants_color) {
		fprintf(stderr, "usage: lab%d [--json] [--color] | check | exercise | answers\n",
			the_lab->number);
		return 2;
	}
	return show();
}

int lab_main(int argc, char **argv, const struct lab *lab)
{
	int ours, ret;

	the_lab = lab;
	ours = modules_in(lab->modules);
	if (ours < 0)
		return 1;
	ret = run_mode(argc, argv);
	return modules_out(lab->modules, ours) ? 1 : ret;
}
