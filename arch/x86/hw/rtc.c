/*
 * The CMOS clock: the date, read once at boot.
 *
 * WHY      the chip updates its registers once a second and a reading may fall into the update; so
 *          registers are read until two readings agree outside an update.
 * LOCKS    none: the index register is used by nobody else after boot.
 * FAILS    a missing or nonsensical clock reads as 0, which is 1970.
 * SOURCES  Motorola MC146818A data sheet; ACPI 6.4 FADT field CENTURY. Day count: Fliegel and Van
 *          Flandern 1968.
 */
#include "arch/acpi.h"
#include "arch/io.h"
#include "arch/machine.h"
#include "lib/string.h"

enum { RTC_INDEX = 0x70, RTC_DATA = 0x71, RTC_TRIES = 10000 };
enum { REG_A = 10, REG_B = 11, A_UPDATING = 0x80, B_24H = 2, B_BINARY = 4, HOUR_PM = 0x80 };

struct rtc_time {
	uint8_t sec, min, hour, day, month, year, century;
};

static uint8_t cmos_read(uint8_t reg)
{
	outb(RTC_INDEX, reg | 0x80); /* NMI stays as firmware set it: disabled only while we read */
	return inb(RTC_DATA);
}

static void read_registers(struct rtc_time *t)
{
	t->sec = cmos_read(0);
	t->min = cmos_read(2);
	t->hour = cmos_read(4);
	t->day = cmos_read(7);
	t->month = cmos_read(8);
	t->year = cmos_read(9);
	t->century = acpi.century_index ? cmos_read(acpi.century_index & 0x7f) : 0;
}

static bool read_stable(struct rtc_time *t)
{
	struct rtc_time again;

	for (unsigned i = 0; i < RTC_TRIES; i++) {
		if (cmos_read(REG_A) & A_UPDATING)
			continue;
		read_registers(t);
		read_registers(&again);
		if (memcmp(t, &again, sizeof(again)) == 0)
			return true;
	}
	return false;
}

static uint8_t from_bcd(uint8_t v)
{
	return (uint8_t)((v >> 4) * 10 + (v & 15));
}

static void decode(struct rtc_time *t, uint8_t format)
{
	bool pm = t->hour & HOUR_PM;

	t->hour &= (uint8_t)~HOUR_PM;
	if (!(format & B_BINARY)) {
		t->sec = from_bcd(t->sec);
		t->min = from_bcd(t->min);
		t->hour = from_bcd(t->hour);
		t->day = from_bcd(t->day);
		t->month = from_bcd(t->month);
		t->year = from_bcd(t->year);
		t->century = from_bcd(t->century);
	}
	if (!(format & B_24H))
		t->hour = (uint8_t)(t->hour % 12 + (pm ? 12 : 0));
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; the year begins in March, so leap days
 * come last. */
static int64_t days_since_1970(int year, int month, int day)
{
	int y = month > 2 ? year : year - 1;
	int m = month > 2 ? month - 3 : month + 9;

	return 365LL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

uint64_t rtc_read_seconds(void)
{
	struct rtc_time t;
	uint8_t format;
	int year;

	if (!read_stable(&t))
		return 0;
	format = cmos_read(REG_B);
	outb(RTC_INDEX, REG_B); /* NMI enabled again */
	decode(&t, format);
	if (t.sec > 60 || t.min > 59 || t.hour > 23 || !t.day || t.day > 31 || !t.month ||
	    t.month > 12 || t.year > 99)
		return 0;
	if (t.century >= 19 && t.century <= 30)
		year = t.century * 100 + t.year;
	else
		year = t.year + (t.year < 70 ? 2000 : 1900);
	if (year < 1970)
		return 0;
	return (uint64_t)days_since_1970(year, t.month, t.day) * 86400 + t.hour * 3600u +
	       t.min * 60u + t.sec;
}
