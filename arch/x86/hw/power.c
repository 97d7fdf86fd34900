/*
 * The end: power off, restart, halt, and leaving an emulator with a status.
 *
 * WHY      every way is tried in turn, from the standard one to the crude one, because each fails
 *          silently on a machine that lacks it: the next line simply runs.
 * I1       nothing here allocates, maps, sleeps or takes a lock: a panic ends here too. What must
 *          be mapped is mapped at boot (power_maps).
 * LOCKS    none. Interrupts off from the first line on.
 * SOURCES  ACPI 6.4: 4.8.3.2 PM1 control registers, 4.8.3.6 reset register, 4.8.3.7 sleep control;
 *          QEMU docs/specs: isa-debug-exit (a byte v written ends QEMU with status 2v + 1).
 */
#include "arch/x86/hw/power.h"
#include "arch/acpi.h"
#include "arch/io.h"
#include "arch/irqflags.h"
#include "arch/machine.h"

enum {
	PM1_SCI_ENABLED = 1,
	PM1_SLEEP_TYPE_SHIFT = 10,
	PM1_SLEEP_ENABLE = 1 << 13,
	SLEEP_CONTROL_TYPE_SHIFT = 2,
	SLEEP_CONTROL_ENABLE = 1 << 5,
	DEBUG_EXIT_PORT = 0xf4,
	RESET_PORT = 0xcf9,
	KEYBOARD_COMMAND = 0x64,
	KEYBOARD_PULSE_RESET = 0xfe,
};

struct acpi_info acpi;
struct power_maps power_maps;
bool machine_debug_exit;

noreturn_ void machine_halt(void)
{
	irq_disable();
	for (;;)
		__asm__ volatile("hlt" ::: "memory");
}

static void register_write8(struct acpi_reg r, volatile void *map, uint8_t v)
{
	if (r.space == ACPI_REG_PORT)
		outb((uint16_t)r.addr, v);
	else if (r.space == ACPI_REG_MEMORY && map)
		mmio_write8(map, v);
}

/* The fixed registers answer only in ACPI mode; firmware usually has switched already. */
static void acpi_mode_enter(void)
{
	if (inw(acpi.pm1a_cnt) & PM1_SCI_ENABLED || !acpi.smi_cmd || !acpi.acpi_enable)
		return;
	outb(acpi.smi_cmd, acpi.acpi_enable);
	for (unsigned i = 0; i < 300000 && !(inw(acpi.pm1a_cnt) & PM1_SCI_ENABLED); i++)
		cpu_relax();
}

static void acpi_power_off(void)
{
	uint8_t a, b;

	if (!acpi.has_fadt || !power_maps.dsdt ||
	    !acpi_find_s5(power_maps.dsdt, acpi.dsdt_len, &a, &b))
		return;
	if (acpi.hw_reduced) {
		register_write8(acpi.sleep_control, power_maps.sleep_control,
				(uint8_t)(a << SLEEP_CONTROL_TYPE_SHIFT | SLEEP_CONTROL_ENABLE));
		return;
	}
	if (!acpi.pm1a_cnt)
		return;
	acpi_mode_enter();
	outw(acpi.pm1a_cnt, (uint16_t)(a << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE));
	if (acpi.pm1b_cnt)
		outw(acpi.pm1b_cnt, (uint16_t)(b << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE));
}

/* Ends an emulator; does nothing elsewhere, but only machines without ACPI are asked without being
 * told. */
static void debug_exit(uint8_t status)
{
	if (machine_debug_exit || !acpi.present)
		outb(DEBUG_EXIT_PORT, status);
}

/* An emulator switches off some time after the write that asked for it, from another thread; what comes next must not
 * overtake it. A port read takes about a microsecond. */
static void let_power_go(void)
{
	for (unsigned i = 0; i < 300000; i++)
		(void)inb(0x80);
}

noreturn_ void machine_power_off(void)
{
	irq_disable();
	acpi_power_off();
	if (acpi.has_fadt)
		let_power_go();
	outw(0x604, 0x2000);  /* QEMU's PM1 control where no table says so */
	outw(0xb004, 0x2000); /* Bochs, old QEMU */
	debug_exit(0);
	machine_halt();
}

noreturn_ void machine_exit(unsigned char status)
{
	irq_disable();
	debug_exit(status);
	machine_power_off();
}

static noreturn_ void triple_fault(void)
{
	static const struct packed_ {
		uint16_t limit;
		unsigned long base;
	} no_idt;

	__asm__ volatile("lidt %0; int3" ::"m"(no_idt));
	machine_halt();
}

noreturn_ void machine_restart(void)
{
	irq_disable();
	register_write8(acpi.reset_reg, power_maps.reset, acpi.reset_value);
	outb(RESET_PORT, 0x02);
	outb(RESET_PORT, 0x06);
	outb(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
	for (unsigned i = 0; i < 10000; i++)
		(void)inb(0x80); /* about 10 ms for a slow chipset */
	triple_fault();
}
