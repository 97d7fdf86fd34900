# packages: smem
want 'PID +User +Command +Swap +USS +PSS +RSS' smem
want '[0-9]+ root +/init' smem
want 'kernel dynamic memory .*[0-9]+' smem -w
want '[0-9.]+M' smem -k -t
want 'Map +PIDs +AVGPSS' smem -m
