"""The commands: `mnemos lab`, `mnemos grade`."""
import json
import os
import sys
import tempfile

from labs.tool import folder, grading, machine, page, story
from labs.tool import launcher as m

SHELL_RC = """\
for name in {modules}; do insmod {home}/$name.ko && echo "# insmod $name"; done
echo "# {program}"
{program} --color
echo
echo "lab {number}: {program} shows it again, {program} check checks it; exit ends the machine"
"""


def say(text):
    """To standard output, whose reader may have gone (head) or be full."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as e:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing more of it at the end
        if not isinstance(e, BrokenPipeError):
            raise m.Trouble(f"standard output: {e.strerror}")


def listing():
    labs = folder.every()
    title = max(len(lab.title) for lab in labs)
    rows = "".join(f"{lab.number:3}  {lab.title:{title}}  {lab.minutes:3} min  {', '.join(lab.builds)}\n" for lab in labs)
    say(rows + "\n./mnemos lab N shows one; its folder in labs/ has the questions; ./mnemos grade N checks answers and code\n")
    return 0


def lab(args):
    if args.number is None:
        return listing()
    chosen = folder.find(args.number)
    args.arch = chosen.arch(args.arch)
    if args.shell and (args.html or args.json):
        raise m.Trouble("--shell goes without --html and --json")
    with tempfile.TemporaryDirectory(prefix="mnemos-lab-") as tmp:
        machine.kernel(args.arch)
        own = args.folder and folder.checked(args.folder)
        try:
            files = machine.modules(chosen, args.arch, own, tmp)
            program = machine.own_program(chosen, args.arch, own, tmp) if own else machine.program(chosen, args.arch)
        except machine.BuildFailed as e:
            raise m.Trouble(str(e))
        return shell(args, chosen, files, program) if args.shell else show(args, chosen, files, program)


def shell(args, chosen, files, program):
    home = machine.module_home()
    rc = SHELL_RC.format(modules=" ".join(chosen.modules), home="/" + home, program=chosen.program, number=chosen.number)

    def fill(c):
        c.file("bin/" + chosen.program, m.read_file(program))
        machine.pack(c, files, home)
    args.mem = args.mem or chosen.mem
    args.append = (args.append or []) + ["norandmaps"]
    # The shell reads its start file before each of its kind: only the first shows the lab.
    return m.cmd_shell(args, fill, m.SHELL_RC + f"if [ -z \"$LAB\" ]; then\nexport LAB={chosen.number}\n{rc}fi\n")


def write(path, text):
    if path == "-":
        return say(text)
    try:
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    except OSError as e:
        raise m.Trouble(f"{path}: {e.strerror}")


def show(args, chosen, files, program):
    items = story.tell(args, chosen, files, program)
    if args.json:
        write(args.json, json.dumps({"lab": chosen.number, "arch": args.arch, "items": story.without_colors(items)}, indent=1) + "\n")
    if args.html:
        write(args.html, page.page(chosen, args.arch, story.without_colors(items)))
    if args.json or args.html:
        return 0
    if not os.isatty(1) or "NO_COLOR" in os.environ:
        items = story.without_colors(items)
    where = os.path.relpath(chosen.path, os.getcwd())
    say("".join(item["text"] for item in items) +
        f"\n{where}/README.md has the exercises; copy the folder, answer in answers.txt: ./mnemos grade {chosen.number} COPY\n")
    return 0


def grade(args):
    status, text = grading.grade(args, folder.find(args.number))
    say(text)
    return status
