/*
 * What a program of ring 3 can find out by itself, and what the module adds.
 *
 * A program cannot read the GDT, but the processor answers questions about a selector: lar gives the rights of its descriptor, lsl
 * the last offset. With the base, which a flat segment has at 0, the eight bytes can be put together again.
 */
#include "tap.h"

#include "descriptor.h"
#include "segment.h"
#include "segments.h"

#include <sched.h>

static struct segments look;

/* ---- the module ---- */

static char answer[1024];

static int read_module(void)
{
	if (tap_read("/proc/segments", answer, sizeof(answer)) > 0)
		return 0;
	look.error = "/proc/segments does not answer";
	return -1;
}

/* The line of @name. */
static int line_of(const char *name, unsigned *selector, unsigned long long *descriptor)
{
	char head[16];
	const char *at = answer;

	snprintf(head, sizeof(head), "%s ", name);
	while (at && strncmp(at, head, strlen(head)) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at && sscanf(at + strlen(head), "%x %llx", selector, descriptor) == 2;
}

uint64_t segments_descriptor(unsigned selector)
{
	unsigned long long d = 0;
	unsigned got = 0;
	char text[16];

	snprintf(text, sizeof(text), "%x", selector);
	if (tap_put("/proc/segments", text) || read_module() || !line_of("asked", &got, &d) ||
	    got != selector)
		return 0;
	return d;
}

/* ---- bases, which neither lar nor lsl tell ---- */

#if __SIZEOF_POINTER__ == 4
static unsigned long base_of(int which, unsigned selector)
{
	struct seg_desc d = { .entry_number = selector >> 3 };

	/* A thread's own segment: what set_thread_area(2) has been told. The others are flat. */
	return selector >> 3 >= 6 && selector >> 3 <= 8 && syscall(SYS_get_thread_area, &d) == 0
		       ? d.base_addr
		       : 0;
}
#else
static unsigned long base_of(int which, unsigned selector)
{
	enum { GET_FS = 0x1003, GET_GS = 0x1004 };
	unsigned long base = 0;

	if (which == FS || which == GS) /* a register of its own, without a descriptor */
		syscall(SYS_arch_prctl, which == FS ? GET_FS : GET_GS, &base);
	return base;
}
#endif

static void look_at(int which, const char *name, unsigned selector)
{
	struct segment *s = &look.user[which];

	*s = (struct segment){ .name = name, .selector = selector };
	s->base = base_of(which, selector);
	if (selector > 3 && lar(selector) >= 0)
		s->by_cpu = desc_from((uint32_t)s->base, lar(selector), lsl(selector));
	s->in_memory = selector > 3 ? segments_descriptor(selector) : 0;
}

static void look_at_user(void)
{
	look_at(CS, "CS", selector_read("cs"));
	look_at(DS, "DS", selector_read("ds"));
	look_at(ES, "ES", selector_read("es"));
	look_at(SS, "SS", selector_read("ss"));
	look_at(FS, "FS", selector_read("fs"));
	look_at(GS, "GS", selector_read("gs"));
}

static void look_at_kernel(void)
{
	static const char *const name[] = { "cs", "ds", "es", "ss", "fs", "gs" };

	if (read_module())
		return;
	for (int i = 0; i < NR_SEGMENTS; i++) {
		struct segment *s = &look.kernel[i];
		unsigned long long d = 0;

		*s = (struct segment){ .name = look.user[i].name };
		if (!line_of(name[i], &s->selector, &d))
			look.error = "/proc/segments lacks a line";
		s->in_memory = d;
		s->base = desc_base(d);
	}
}

static void look_at_tables(void)
{
	struct __attribute__((packed)) {
		unsigned short limit;
		unsigned long base;
	} gdt, idt;
	unsigned short ldt, task;

	__asm__ volatile("sgdt %0; sidt %1; sldt %2; str %3"
			 : "=m"(gdt), "=m"(idt), "=m"(ldt), "=m"(task));
	look.tables = (struct tables){ gdt.base, idt.base, gdt.limit, idt.limit, ldt, task };
}

/* Each CPU has a GDT of its own. */
static void on_cpu_0(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
}

const struct segments *segments_look(void)
{
	on_cpu_0();
	look.error = NULL;
	look_at_user();
	look_at_kernel();
	look_at_tables();
	return &look;
}
