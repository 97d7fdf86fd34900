/* Device numbers. */
#ifndef _LINUX_KDEV_T_H
#define _LINUX_KDEV_T_H

#include <linux/kernel.h>

#define MINORBITS	       20
#define MINORMASK	       ((1U << MINORBITS) - 1)
#define MAJOR(dev)	       ((unsigned int)((dev) >> MINORBITS))
#define MINOR(dev)	       ((unsigned int)((dev)&MINORMASK))
#define MKDEV(ma, mi)	       ((dev_t)(((dev_t)(ma) << MINORBITS) | (dev_t)(mi)))
#define print_dev_t(buf, dev)  sprintf(buf, "%u:%u\n", MAJOR(dev), MINOR(dev))
#define format_dev_t(buf, dev) (sprintf(buf, "%u:%u", MAJOR(dev), MINOR(dev)), (buf))
#define imajor(inode)	       MAJOR((inode)->i_rdev)
#define iminor(inode)	       MINOR((inode)->i_rdev)

#endif
