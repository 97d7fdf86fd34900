/* Keys. The console is a serial line: no key is ever told of. */
#ifndef _LINUX_KEYBOARD_H
#define _LINUX_KEYBOARD_H

#include <linux/notifier.h>

#define KBD_KEYCODE	    0x0001
#define KBD_UNBOUND_KEYCODE 0x0002
#define KBD_UNICODE	    0x0003
#define KBD_KEYSYM	    0x0004
#define KBD_POST_KEYSYM	    0x0005
#define KG_SHIFT	    0
#define KG_ALTGR	    1
#define KG_CTRL		    2
#define KG_ALT		    3
#define KG_CAPSSHIFT	    8
#define KT_LATIN	    0
#define KT_FN		    1
#define KT_SPEC		    2
#define KT_LETTER	    11
#define KTYP(key)	    ((key) >> 8)
#define KVAL(key)	    ((key)&0xff)

struct vc_data;
struct keyboard_notifier_param {
	struct vc_data *vc;
	int down, shift, ledstate;
	unsigned int value;
};

static inline int register_keyboard_notifier(struct notifier_block *nb)
{
	(void)nb;
	return 0;
}
#define unregister_keyboard_notifier(nb) register_keyboard_notifier(nb)

#endif
