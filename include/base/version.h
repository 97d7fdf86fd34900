/* What uname(2) and /proc/version say. The release is the Linux whose interfaces are kept: programs compare it. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define KERNEL_RELEASE "6.1.0-mnemos"
#define KERNEL_BUILD   "#1 SMP Mnemos 0.1"

#endif
