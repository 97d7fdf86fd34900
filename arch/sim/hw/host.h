/*
 * The host under the simulator: address sanitizer and fibers. The only place that asks which sanitizer is on.
 */
#ifndef SIM_HW_HOST_H
#define SIM_HW_HOST_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOST_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HOST_ASAN 1
#endif

#ifdef HOST_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

static inline void host_poison(const volatile void *p, size_t size)
{
	__asan_poison_memory_region(p, size);
}

static inline void host_unpoison(const volatile void *p, size_t size)
{
	__asan_unpoison_memory_region(p, size);
}

/* Around a change of stacks: the sanitizer must know where the new one lies. @save NULL: the old stack dies. */
static inline void host_fiber_leave(void **save, const void *bottom, size_t size)
{
	__sanitizer_start_switch_fiber(save, bottom, size);
}

static inline void host_fiber_enter(void *saved, const void **old_bottom, size_t *old_size)
{
	__sanitizer_finish_switch_fiber(saved, old_bottom, old_size);
}

/* fn() when the sanitizer has found something and ends the process. */
static inline void host_on_death(void (*fn)(void))
{
	__sanitizer_set_death_callback(fn);
}
#else
static inline void host_on_death(void (*fn)(void))
{
	(void)fn;
}

static inline void host_poison(const volatile void *p, size_t size)
{
	(void)p;
	(void)size;
}

static inline void host_unpoison(const volatile void *p, size_t size)
{
	(void)p;
	(void)size;
}

static inline void host_fiber_leave(void **save, const void *bottom, size_t size)
{
	(void)save;
	(void)bottom;
	(void)size;
}

static inline void host_fiber_enter(void *saved, const void **old_bottom, size_t *old_size)
{
	(void)saved;
	(void)old_bottom;
	(void)old_size;
}
#endif

#endif
