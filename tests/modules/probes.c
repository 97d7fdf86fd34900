/* Probes: every kind of instruction that is done by hand or in a slot, places that are refused, returns, and what is missed. */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static int failures, forget;
module_param(forget, int, 0);
#define EXPECT(c)                                                                                  \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			pr_err("probes: line %d: %s\n", __LINE__, #c);                             \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

/* Functions whose first instruction is known. Each returns 1 more than its argument (of the last: 7 less). */
asmlinkage long by_jump(long), by_branch(long), by_call(long), by_push(long), by_memory(long),
	by_flags(long), by_return(long);
long probes_one = 1;
#ifdef __x86_64__
#define A "%rdi"
#define R "%rax"
#define M "probes_one(%rip)"

#else
#define A "%eax"
#define R "%eax"
#define M "probes_one"

#endif
__asm__(".pushsection .text\n"
	".macro fn name\n\t.globl \\name\n\t.type \\name, @function\n\\name:\n.endm\n"
	".macro end name\n\t.size \\name, . - \\name\n.endm\n"
	"fn by_jump\n\tjmp 1f\n\tud2\n1:\tlea 1(" A "), " R "\n\tret\nend by_jump\n"
	"fn probes_inner\n\tlea 1(" A "), " R "\n\tret\nend probes_inner\n"
	"fn by_call\n\tcall probes_inner\n\tret\nend by_call\n"
	"fn by_branch\n\ttest " A ", " A "\n2:\tjs 1f\n\tlea 1(" A "), " R "\n\tret\n1:\tlea -1(" A
	"), " R "\n\tret\nend by_branch\n"
	"fn by_push\n\tpush " A "\n\tpop " R "\n\tinc " R "\n\tret\nend by_push\n"
	"fn by_flags\n\tpushf\n\tlea 1(" A "), " R "\n\tpopf\n\tret\nend by_flags\n"
#ifdef __x86_64__
	"fn by_memory\n\tmov probes_one(%rip), %rax\n\tadd %rdi, %rax\n\tret\nend by_memory\n"
	"fn by_return\n\tret\nend by_return\n"
#else
	"fn by_memory\n\tadd probes_one, %eax\n\tret\nend by_memory\n"
	"fn by_return\n\tret\nend by_return\n"
#endif
	".popsection\n");

static int before_count, after_count, own_pid;
static unsigned long seen_ip, seen_argument;

static int count_before(struct kprobe *p, struct pt_regs *regs)
{
	if (current->pid != own_pid)
		return 0;
	before_count++;
	EXPECT(current->mm && current->mm == current->active_mm && current->mm->total_vm > 0);
	EXPECT(atomic_read(&current->mm->mm_users) >= 1 && current->mm->start_stack);
	seen_ip = instruction_pointer(regs);
	seen_argument = regs_get_kernel_argument(regs, 0);
	return 0;
}

static void count_after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
	if (current->pid == own_pid)
		after_count++;
}

/* A probe @at +@offset of a function that adds one. @post: the copy comes back. */
static void probed(const char *name, long (*fn)(long), unsigned int offset, bool post)
{
	struct kprobe *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return;
	p->addr = (kprobe_opcode_t *)fn;
	p->offset = offset;
	p->pre_handler = count_before;
	p->post_handler = count_after;
	before_count = after_count = 0;
	if (register_kprobe(p)) {
		pr_err("probes: %s: not registered\n", name);
		failures++;
	} else {
		const bool ok = fn(5) == 6 && fn(-9) == (offset ? -10 : -8);

		if (!ok || before_count != 2 || after_count != (post ? 2 : 0) ||
		    seen_ip != (unsigned long)fn + offset + 1) {
			pr_err("probes: %s: %d %d %d\n", name, ok, before_count, after_count);
			failures++;
		}
		EXPECT(register_kprobe(p) == -EINVAL);
		unregister_kprobe(p);
	}
	EXPECT(fn(5) == 6 && before_count == 2);
	kfree(p);
}

static void instructions(void)
{
	probed("jump", by_jump, 0, true);
	probed("call", by_call, 0, true);
	probed("push", by_push, 0, true);
	probed("memory", by_memory, 0, true);
	probed("flags", by_flags, 0, true);
	probed("branch", by_branch, sizeof(long) == 8 ? 3 : 2, true);
}

static void refused(void)
{
	struct kprobe p = { .symbol_name = "nobody_has_this" };

	EXPECT(register_kprobe(&p) == -ENOENT);
	p.addr = (kprobe_opcode_t *)by_push;
	EXPECT(register_kprobe(&p) == -EINVAL);
	p.symbol_name = NULL;
	p.addr = NULL;
	EXPECT(register_kprobe(&p) == -EINVAL);
	p.addr = (kprobe_opcode_t *)by_memory + 1;
	EXPECT(register_kprobe(&p) == -EILSEQ);
	p.addr = (kprobe_opcode_t *)&failures;
	EXPECT(register_kprobe(&p) == -EINVAL);
	p.addr = NULL;
	p.symbol_name = "trap_kernel";
	EXPECT(register_kprobe(&p) == -EINVAL);
	EXPECT(enable_kprobe(&p) == -EINVAL);
}

/* ---- of the kernel ---- */

static struct kprobe first = { .symbol_name = "vmalloc", .pre_handler = count_before };
static struct kprobe second = { .pre_handler = count_before, .post_handler = count_after };

static void in_the_kernel(void)
{
	before_count = after_count = 0;
	EXPECT(register_kprobe(&first) == 0);
	EXPECT(first.addr == (kprobe_opcode_t *)vmalloc && first.opcode != 0xcc);
	vfree(vmalloc(4321));
	EXPECT(before_count == 1 && seen_argument == 4321);
	second.addr = first.addr;
	EXPECT(register_kprobe(&second) == 0 && second.opcode == first.opcode);
	vfree(vmalloc(4322));
	EXPECT(before_count == 3 && after_count == 1 && seen_argument == 4322);
	EXPECT(disable_kprobe(&second) == 0 && kprobe_disabled(&second));
	vfree(vmalloc(4323));
	EXPECT(before_count == 4 && after_count == 1);
	EXPECT(enable_kprobe(&second) == 0);
	unregister_kprobe(&first);
	vfree(vmalloc(4324));
	EXPECT(before_count == 5 && after_count == 2);
	unregister_kprobe(&second);
	vfree(vmalloc(4325));
	EXPECT(before_count == 5);
}

/* A handler that does what is probed itself, and one that goes elsewhere. */
static int meets_itself(struct kprobe *p, struct pt_regs *regs)
{
	before_count += by_push(1) == 2;
	return 0;
}

static int goes_elsewhere(struct kprobe *p, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)by_branch);
	return 1;
}

static void handlers(void)
{
	struct kprobe *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return;
	before_count = 0;
	p->symbol_name = "by_push";
	p->pre_handler = meets_itself;
	EXPECT(register_kprobe(p) == 0);
	EXPECT(by_push(41) == 42 && before_count == 1 && p->nmissed == 1);
	unregister_kprobe(p);
	p->addr = NULL;
	p->pre_handler = goes_elsewhere;
	EXPECT(register_kprobe(p) == 0);
	EXPECT(by_push(-41) == -42);
	unregister_kprobe(p);
	EXPECT(by_push(-41) == -40);
	kfree(p);
}

/* ---- returns ---- */

static int entries, returns;
static long returned, kept;

static int enters(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	entries++;
	*(long *)ri->data = (long)regs_get_kernel_argument(regs, 0);
	return regs_get_kernel_argument(regs, 0) == 99;
}

static int comes_back(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	returns++;
	returned = (long)regs_return_value(regs);
	kept = *(long *)ri->data;
	regs_set_return_value(regs, returned + 1000);
	EXPECT(get_kretprobe(ri)->handler == comes_back && ri->task->pid == own_pid);
	return 0;
}

static long deep(long n);
static long (*volatile deeper)(long) = deep; /* calls that the compiler cannot make less of */

static noinline long deep(long n)
{
	return (n ? deeper(n - 1) : 0) + 1;
}

static struct kretprobe rp = {
	.kp.symbol_name = "by_push",
	.handler = comes_back,
	.entry_handler = enters,
	.data_size = sizeof(long),
};

static void comings_back(void)
{
	EXPECT(register_kretprobe(&rp) == 0);
	EXPECT(by_push(5) == 1006 && returned == 6 && kept == 5);
	EXPECT(by_push(99) == 100 && entries == 2 && returns == 1);
	unregister_kretprobe(&rp);
	EXPECT(by_push(5) == 6 && entries == 2);

	rp.kp.symbol_name = NULL;
	rp.kp.addr = (kprobe_opcode_t *)deep;
	rp.entry_handler = NULL;
	rp.maxactive = 3;
	returns = 0;
	EXPECT(register_kretprobe(&rp) == 0);
	EXPECT(deeper(4) == 5 + 3000 && returns == 3 && rp.nmissed == 2);
	EXPECT(deeper(1) == 2 + 2000 && returns == 5 && rp.nmissed == 2);
	unregister_kretprobe(&rp);
	EXPECT(deeper(4) == 5 && returns == 5);
}

static int __init probes_init(void)
{
	own_pid = current->pid;
	instructions();
	refused();
	in_the_kernel();
	handlers();
	comings_back();
	EXPECT(by_return(7) == (sizeof(long) == 8 ? by_return(7) : 7));
	if (forget) {
		first.addr = NULL;
		EXPECT(register_kprobe(&first) == 0);
	}
	pr_info("probes: %d failures\n", failures);
	return failures ? -EINVAL : 0;
}

static void __exit probes_exit(void)
{
}

module_init(probes_init) module_exit(probes_exit) MODULE_LICENSE("GPL");
