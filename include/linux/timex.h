/* What Linux has here is in asm/msr.h. */
#include <asm/msr.h>
