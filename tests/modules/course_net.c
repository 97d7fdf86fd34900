/* Netlink between a program and this module, and what a module may ask in #if. forget=1: its end is left behind. */
#include <linux/debugfs.h>
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "want.h"

#define PROTOCOL 31
#define GROUP	 3

static bool forget;
module_param(forget, bool, 0444);

static struct sock *end;
static struct dentry *dir;

/* ---- what #if knows ---- */

#if PAGE_SHIFT != 12 || HZ < 100 || HZ != CONFIG_HZ || !IS_ENABLED(CONFIG_SMP) ||                  \
	IS_ENABLED(CONFIG_NO_SUCH_THING) || IS_MODULE(CONFIG_SMP)
#error "constants of the preprocessor"
#endif
#if defined(CONFIG_X86_64) != (CONFIG_PGTABLE_LEVELS > 3) ||                                       \
	defined(CONFIG_X86_32) != defined(CONFIG_HIGHMEM)
#error "options that go together"
#endif
#ifdef CONFIG_X86_PAE
#define FOLDED 0
#else
#define FOLDED (PTRS_PER_PMD == 1)
#endif

static void constants(void)
{
	WANT(IS_ENABLED(CONFIG_64BIT) == (sizeof(long) == 8));
	WANT(PMD_SIZE == 1UL << PMD_SHIFT && PUD_SIZE == 1UL << PUD_SHIFT);
	WANT(P4D_SIZE == 1UL << P4D_SHIFT && PGDIR_SIZE == 1UL << PGDIR_SHIFT);
	WANT(PTRS_PER_PTE * PAGE_SIZE == PMD_SIZE);
	WANT(FOLDED || PTRS_PER_PMD * PMD_SIZE == PUD_SIZE);
	WANT(pgd_index(~0UL) < PTRS_PER_PGD && pte_index(~0UL) == PTRS_PER_PTE - 1);
	WANT(IS_ENABLED(CONFIG_X86_32) == !FOLDED || PTRS_PER_PUD == 512 || FOLDED);
}

/* ---- netlink ---- */

static void input(struct sk_buff *skb)
{
	struct nlmsghdr *q = nlmsg_hdr(skb), *h;
	const char *text = nlmsg_data(q);
	int len;
	struct sk_buff *out, *copy;

	if (skb->len < NLMSG_HDRLEN || !nlmsg_ok(q, skb->len) || strnlen(text, nlmsg_len(q)) > 100)
		return;
	pr_info("course_net: %s says %s from %u, %u bytes, uid %u\n", current->comm, text,
		NETLINK_CB(skb).portid, skb->len, NETLINK_CREDS(skb)->uid.val);
	len = strlen(text) + 9;
	out = nlmsg_new(len, GFP_KERNEL);
	h = out ? nlmsg_put(out, 0, q->nlmsg_seq, NLMSG_DONE, len, 0) : NULL;
	if (!h)
		return;
	WANT(!nlmsg_put(out, 0, 0, NLMSG_DONE, 4000, 0) && skb_tailroom(out) < 4);
	snprintf(nlmsg_data(h), len, "kernel: %s", text);
	copy = skb_clone(out, GFP_KERNEL);
	WANT(nlmsg_unicast(end, out, NETLINK_CB(skb).portid) == 0);
	WANT(netlink_has_listeners(end, GROUP) ||
	     nlmsg_multicast(end, copy, 0, GROUP, 0) == -ESRCH);
	if (netlink_has_listeners(end, GROUP))
		WANT(nlmsg_multicast(end, copy, 0, GROUP, GFP_KERNEL) == 0);
}

static int __init net_init(void)
{
	struct netlink_kernel_cfg cfg = { .groups = 5, .input = input };
	struct sk_buff *skb;

	constants();
	end = netlink_kernel_create(&init_net, PROTOCOL, &cfg);
	WANT(end && !netlink_kernel_create(&init_net, PROTOCOL, &cfg));
	WANT(!netlink_kernel_create(&init_net, MAX_LINKS, &cfg));
	skb = nlmsg_new(8, GFP_KERNEL);
	WANT(skb && nlmsg_unicast(end, skb, 12345) == -ECONNREFUSED);
	dir = debugfs_create_dir("course_net", NULL);
	debugfs_create_symlink("failures", dir, "count");
	debugfs_create_u32("count", 0444, dir, &failures);
	pr_info("course_net: %d failures\n", failures);
	return 0;
}

static void __exit net_exit(void)
{
	debugfs_remove_recursive(dir);
	if (!forget)
		netlink_kernel_release(end);
	pr_info("course_net: exit %d failures\n", failures);
}
module_init(net_init);
module_exit(net_exit);
MODULE_LICENSE("GPL");
