# packages: gcc make
# builds: x86_64
mkdir -p /tmp/proj && cd /tmp/proj || exit 1
for i in $(seq 20); do
	{
		echo '#include <stdlib.h>'
		echo '#include <string.h>'
		for j in $(seq 25); do
			echo "int f${i}_$j(int x) { char b[64]; memset(b, x, sizeof(b)); for (int k = 0; k < 8; k++) x += b[k] * $j; return x + $i; }"
		done
	} >part$i.c
done
{
	echo '#include <stdio.h>'
	for i in $(seq 20); do echo "int f${i}_1(int);"; done
	echo 'int main(void) { int s = 0;'
	for i in $(seq 20); do echo "s += f${i}_1(1);"; done
	echo 'printf("sum %d\n", s); return 0; }'
} >main.c
printf 'OBJ := $(patsubst %%.c,%%.o,$(wildcard *.c))\nprog: $(OBJ)\n\t$(CC) -o $@ $^\n%%.o: %%.c\n\t$(CC) -O2 -Wall -c -o $@ $<\n' >Makefile
want 'prog' make -j2 CC=gcc
want '^sum 390$' ./prog
want 'Free Software Foundation' gcc --version
