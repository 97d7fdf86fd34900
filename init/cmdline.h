/* The kernel command line: bootparam(7). */
#ifndef INIT_CMDLINE_H
#define INIT_CMDLINE_H

#include "base/types.h"

enum { CMDLINE_MAX_ARGS = 32 };

struct cmdline {
	phys_t mem_limit;	       /* mem=: 0 none */
	const char *init;	       /* init= or NULL */
	const char *rdinit;	       /* rdinit= or "/init" */
	int fault_batch, fault_around; /* pages; 0 and 1: off; -1: not given */
	const char *hugepages;	       /* hugepages=, if of the one size there is; NULL: none */
	bool other_size;	       /* hugepagesz= named a size that there is not */
	const char *thp;	       /* transparent_hugepage= or NULL */
	const char *policy;	       /* policy= or NULL */
	int failpoint;		       /* failpoint=: the allocation that fails; -1: not given */
	const char *fail_make_request; /* fail_make_request= or NULL */
	bool show_trace;	       /* trace: record events from the start */
	bool conformance;	       /* conformance: check the machine contract, then end */
	/* For init: arguments after "--" and unknown words; NAME=VALUE words go to the environment. */
	const char *argv[CMDLINE_MAX_ARGS + 2];
	const char *envp[CMDLINE_MAX_ARGS + 3];
	unsigned argc, envc;
};

/* Split @text (changed: words end in NUL) and fill @out. Words beyond CMDLINE_MAX_ARGS are dropped with a warning. */
void cmdline_parse(char *text, struct cmdline *out);

#endif
