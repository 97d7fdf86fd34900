# packages: lua5.4
# builds: x86_64
want '^5050	Lua 5.4$' lua5.4 -e 's = 0; for i = 1, 100 do s = s + i end; print(s, _VERSION)'
want '^line$' lua5.4 -e 'local p = io.popen("echo line"); print(p:read("l"))'
want '^100000$' lua5.4 -e 't = {}; for i = 1, 100000 do t[i] = {i} end; collectgarbage(); print(#t)'
