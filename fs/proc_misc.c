/*
 * /proc files about the machine and time: cpuinfo, uptime, loadavg, stat, version, cmdline, interrupts,
 * softirqs.
 *
 * OWNS     nothing: every number is read from its counter when the file is read.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5), the captured texts of a real 6.1.
 */
#include "proc_impl.h"

#include "arch/irq_dynamic.h"
#include "arch/machine.h"
#include "base/version.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "sync/percpu.h"

enum { NS_PER_TICK = 1000000000 / CFG_HZ, NR_LINES = 16, CPUINFO_MAX = 2048, NR_SOFTIRQS = 10 };

static unsigned long long ticks(uint64_t ns)
{
	return ns / NS_PER_TICK;
}

static int cpuinfo_show(struct seq_file *m)
{
	char text[CPUINFO_MAX];
	unsigned cpu;

	for_each_online_cpu (cpu)
		seq_write(m, text,
			  min_of(size_t, cpu_info_format(cpu, text, sizeof(text)), sizeof(text)));
	return 0;
}

static void put_seconds(struct seq_file *m, uint64_t ns, char end)
{
	uint64_t hundredths = ns / (NSEC_PER_SEC / 100);

	seq_printf(m, "%llu.%02u%c", (unsigned long long)(hundredths / 100),
		   (unsigned)(hundredths % 100), end);
}

static int uptime_show(struct seq_file *m)
{
	struct cpu_times t;
	uint64_t idle = 0;
	unsigned cpu;

	for_each_online_cpu (cpu) {
		sched_cpu_times(cpu, &t);
		idle += t.idle_ns;
	}
	put_seconds(m, clock_ns(), ' ');
	put_seconds(m, idle, '\n');
	return 0;
}

static int loadavg_show(struct seq_file *m)
{
	unsigned long load[3];
	unsigned i;

	sched_loadavg(load);
	for (i = 0; i < 3; i++) {
		unsigned long v = load[i] + 65536 / 200; /* rounded to hundredths */

		seq_printf(m, "%lu.%02lu ", v >> 16, (v & 0xffff) * 100 >> 16);
	}
	seq_printf(m, "%u/%u %d\n", nr_running_tasks(), nr_tasks(), last_pid());
	return 0;
}

/* ---- /proc/stat ---- */

static void put_cpu(struct seq_file *m, const struct cpu_times *t)
{
	seq_printf(m, " %llu %llu %llu %llu 0 %llu 0 0 0 0\n", ticks(t->user_ns), ticks(t->nice_ns),
		   ticks(t->system_ns), ticks(t->idle_ns), ticks(t->irq_ns));
}

static void add_times(struct cpu_times *sum, const struct cpu_times *t)
{
	sum->user_ns += t->user_ns;
	sum->nice_ns += t->nice_ns;
	sum->system_ns += t->system_ns;
	sum->idle_ns += t->idle_ns;
	sum->irq_ns += t->irq_ns;
	sum->switches += t->switches;
}

static unsigned long line_sum(unsigned line)
{
	unsigned long sum = 0;
	const char *name;
	unsigned cpu;

	for_each_online_cpu (cpu)
		sum += irq_count(line, cpu, &name);
	return sum;
}

static unsigned long dynamic_sum(unsigned n)
{
	unsigned long sum = 0;
	const char *name;
	unsigned cpu;
	int gsi;

	for_each_online_cpu (cpu)
		sum += irq_dynamic_count(n, cpu, &name, &gsi);
	return sum;
}

static unsigned long local_sum(void)
{
	unsigned long sum = 0, n;
	const char *name, *text;
	unsigned i, cpu;

	for_each_online_cpu (cpu)
		for (i = 0; irq_local_count(i, cpu, &n, &name, &text); i++)
			sum += n;
	return sum;
}

static void put_interrupts(struct seq_file *m)
{
	unsigned long sum = local_sum();
	unsigned line;

	for (line = 0; line < NR_LINES; line++)
		sum += line_sum(line);
	for (line = 0; line < IRQ_NR_DYNAMIC; line++)
		sum += dynamic_sum(line);
	seq_printf(m, "intr %lu", sum);
	for (line = 0; line < NR_LINES; line++)
		seq_printf(m, " %lu", line_sum(line));
	for (line = 0; line < IRQ_NR_DYNAMIC; line++)
		seq_printf(m, " %lu", dynamic_sum(line));
	seq_putc(m, '\n');
}

static int stat_show(struct seq_file *m)
{
	struct cpu_times sum = { 0 }, t;
	unsigned cpu, i;

	for_each_online_cpu (cpu) {
		sched_cpu_times(cpu, &t);
		add_times(&sum, &t);
	}
	seq_puts(m, "cpu ");
	put_cpu(m, &sum);
	for_each_online_cpu (cpu) {
		sched_cpu_times(cpu, &t);
		seq_printf(m, "cpu%u", cpu);
		put_cpu(m, &t);
	}
	put_interrupts(m);
	seq_printf(
		m,
		"ctxt %llu\nbtime %llu\nprocesses %u\nprocs_running %u\nprocs_blocked %u\nsoftirq 0",
		(unsigned long long)sum.switches,
		(unsigned long long)((realtime_ns() - clock_ns()) / NSEC_PER_SEC),
		nr_processes_forked(), nr_running_tasks(), sched_nr_uninterruptible());
	for (i = 0; i < NR_SOFTIRQS; i++)
		seq_puts(m, " 0");
	seq_putc(m, '\n');
	return 0;
}

/* ---- /proc/interrupts ---- */

static void put_line(struct seq_file *m, unsigned line)
{
	const char *name = NULL;
	unsigned cpu;

	(void)irq_count(line, 0, &name);
	if (!name)
		return;
	seq_printf(m, "%3u: ", line);
	for_each_online_cpu (cpu)
		seq_printf(m, "%10lu ", irq_count(line, cpu, &name));
	seq_printf(m, " %8s %3u-%-8s  %s\n", "IO-APIC", line, "edge", name);
}

static void put_dynamic(struct seq_file *m, unsigned n)
{
	const char *name;
	unsigned cpu;
	int gsi;

	(void)irq_dynamic_count(n, 0, &name, &gsi);
	if (!name)
		return;
	seq_printf(m, "%3u: ", NR_LINES + n);
	for_each_online_cpu (cpu)
		seq_printf(m, "%10lu ", irq_dynamic_count(n, cpu, &name, &gsi));
	seq_printf(m, " %8s %3d-%-8s  %s\n", gsi < 0 ? "PCI-MSI" : "IO-APIC",
		   gsi < 0 ? (int)n : gsi, gsi < 0 ? "edge" : "fasteoi", name);
}

static bool put_local(struct seq_file *m, unsigned n)
{
	const char *name, *text;
	unsigned long count;
	unsigned cpu;

	if (!irq_local_count(n, 0, &count, &name, &text))
		return false;
	seq_printf(m, "%3s: ", name);
	for_each_online_cpu (cpu)
		if (irq_local_count(n, cpu, &count, &name, &text))
			seq_printf(m, "%10lu ", count);
	seq_printf(m, "  %s\n", text);
	return true;
}

static int interrupts_show(struct seq_file *m)
{
	unsigned cpu, n;

	seq_puts(m, "           ");
	for_each_online_cpu (cpu)
		seq_printf(m, "CPU%-8u", cpu);
	seq_putc(m, '\n');
	for (n = 0; n < NR_LINES; n++)
		put_line(m, n);
	for (n = 0; n < IRQ_NR_DYNAMIC; n++)
		put_dynamic(m, n);
	for (n = 0; put_local(m, n); n++)
		;
	return 0;
}

/* ---- /proc/softirqs ---- */

/* Nothing runs in them: timers and the network do their work in interrupts, callers and threads. */
static int softirqs_show(struct seq_file *m)
{
	static const char *const names[NR_SOFTIRQS] = { "HI",	   "TIMER",    "NET_TX",  "NET_RX",
							"BLOCK",   "IRQ_POLL", "TASKLET", "SCHED",
							"HRTIMER", "RCU" };
	unsigned cpu;

	seq_puts(m, "                    ");
	for_each_online_cpu (cpu)
		seq_printf(m, "CPU%-8u", cpu);
	seq_putc(m, '\n');
	for (unsigned i = 0; i < NR_SOFTIRQS; i++) {
		seq_printf(m, "%12s:", names[i]);
		for_each_online_cpu (cpu)
			seq_printf(m, " %10u", 0U);
		seq_putc(m, '\n');
	}
	return 0;
}

/* ---- texts ---- */

static int version_show(struct seq_file *m)
{
	seq_printf(m, "Linux version %s (mnemos) (%s) %s\n", KERNEL_RELEASE, "gcc " __VERSION__,
		   KERNEL_BUILD);
	return 0;
}

static int cmdline_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", boot_info.cmdline);
	return 0;
}

void proc_misc_init(void)
{
	static struct proc_entry cpuinfo = { .show = cpuinfo_show },
				 uptime = { .show = uptime_show },
				 loadavg = { .show = loadavg_show }, stat = { .show = stat_show },
				 interrupts = { .show = interrupts_show },
				 softirqs = { .show = softirqs_show },
				 version = { .show = version_show },
				 cmdline = { .show = cmdline_show };

	boot_need(proc_register("cmdline", 0444, &cmdline), "/proc/", "cmdline");
	boot_need(proc_register("cpuinfo", 0444, &cpuinfo), "/proc/", "cpuinfo");
	boot_need(proc_register("interrupts", 0444, &interrupts), "/proc/", "interrupts");
	boot_need(proc_register("loadavg", 0444, &loadavg), "/proc/", "loadavg");
	boot_need(proc_register("softirqs", 0444, &softirqs), "/proc/", "softirqs");
	boot_need(proc_register("stat", 0444, &stat), "/proc/", "stat");
	boot_need(proc_register("uptime", 0444, &uptime), "/proc/", "uptime");
	boot_need(proc_register("version", 0444, &version), "/proc/", "version");
}
