/* What Linux has here is in asm/pgtable.h. */
#include <asm/pgtable.h>
