/* Who can give memory back before a process is killed for it. */
#ifndef _LINUX_OOM_H
#define _LINUX_OOM_H

#include <linux/mm.h>
#include <linux/notifier.h>

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

extern struct blocking_notifier_head module_oom_chain;
#define register_oom_notifier(nb)   blocking_notifier_chain_register(&module_oom_chain, nb)
#define unregister_oom_notifier(nb) blocking_notifier_chain_unregister(&module_oom_chain, nb)

#endif
