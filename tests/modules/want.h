/* Checks inside a module: what does not hold is counted, and said with its line. */
#ifndef WANT_H
#define WANT_H

static int failures;

#define WANT(c)                                                                                    \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			failures++;                                                                \
			pr_err(KBUILD_MODNAME ": line %d: %s\n", __LINE__, #c);                    \
		}                                                                                  \
	} while (0)

#endif
