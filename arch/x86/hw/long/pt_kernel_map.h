/* The kernel's half has the addresses of 4-level mode in both modes, so that they are constants of the image. */
#include "arch/x86/hw/x64/pt_kernel_map.h"
