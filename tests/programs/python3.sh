# packages: python3.11 libpython3.11-testsuite
# builds: x86_64
# seconds: 3000
cat >/tmp/all.py <<'X'
import importlib, sys, pkgutil, warnings
warnings.simplefilter("ignore")
skip = {"antigravity", "this", "msilib", "winreg", "winsound", "msvcrt", "nt", "idlelib", "turtledemo", "turtle", "tkinter", "_tkinter", "test",
        "ensurepip", "venv", "lib2to3", "__main__", "_winapi", "_overlapped", "_scproxy", "ossaudiodev", "nis", "dbm", "_gdbm", "_msi"}
failed = []
for name in sorted(n for n in sys.stdlib_module_names if n not in skip):
    try:
        importlib.import_module(name)
    except Exception as e:
        failed.append((name, e))
print("imported all" if not failed else failed)
X
want '^imported all$' python3.11 /tmp/all.py
for t in test_mmap test_os test_subprocess test_threading test_signal test_socket test_select test_tempfile; do
	want 'Tests result: SUCCESS|== Tests result: SUCCESS' python3.11 -m test -u none --timeout 1200 $t
done
