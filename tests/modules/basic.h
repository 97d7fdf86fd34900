/* What basic.ko exports. */
int basic_add(int a, int b);
int basic_hidden(int a);
