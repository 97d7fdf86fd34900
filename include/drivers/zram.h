/* Disks in compressed memory: /dev/zramN. */
#ifndef INCLUDE_DRIVERS_ZRAM_H
#define INCLUDE_DRIVERS_ZRAM_H

void zram_init(void); /* boot, after fs_init: as many as zram.num_devices= says; 1 */

#endif
