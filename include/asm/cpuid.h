/* What Linux has here is in asm/processor.h. */
#include <asm/processor.h>
