/* Numbers of ioctl commands: direction, size, type, number. */
#ifndef _LINUX_IOCTL_H
#define _LINUX_IOCTL_H

#define _IOC_NONE      0U
#define _IOC_WRITE     1U
#define _IOC_READ      2U
#define _IOC_NRBITS    8
#define _IOC_TYPEBITS  8
#define _IOC_SIZEBITS  14
#define _IOC_NRSHIFT   0
#define _IOC_TYPESHIFT 8
#define _IOC_SIZESHIFT 16
#define _IOC_DIRSHIFT  30

#define _IOC(dir, type, nr, size)                                                                  \
	(((dir) << _IOC_DIRSHIFT) | ((unsigned int)(size) << _IOC_SIZESHIFT) |                     \
	 ((unsigned int)(type) << _IOC_TYPESHIFT) | ((unsigned int)(nr) << _IOC_NRSHIFT))
#define _IO(type, nr)	     _IOC(_IOC_NONE, type, nr, 0)
#define _IOR(type, nr, arg)  _IOC(_IOC_READ, type, nr, sizeof(arg))
#define _IOW(type, nr, arg)  _IOC(_IOC_WRITE, type, nr, sizeof(arg))
#define _IOWR(type, nr, arg) _IOC(_IOC_READ | _IOC_WRITE, type, nr, sizeof(arg))
#define _IOC_DIR(nr)	     (((nr) >> _IOC_DIRSHIFT) & 3)
#define _IOC_TYPE(nr)	     (((nr) >> _IOC_TYPESHIFT) & 255)
#define _IOC_NR(nr)	     ((nr)&255)
#define _IOC_SIZE(nr)	     (((nr) >> _IOC_SIZESHIFT) & 0x3fff)

#endif
