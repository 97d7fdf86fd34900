/* Coroutines of the host. */
#ifndef SIM_HW_CORO_H
#define SIM_HW_CORO_H

/* Leave the running coroutine, its stack pointer in *save_sp, and go on with the one left at @to_sp. */
void coro_switch(void **save_sp, void *to_sp);
/* The stack pointer of a coroutine that will begin in entry(), which must not return. */
void *coro_prepare(void *stack_top, void (*entry)(void));

#endif
