"""What a lab's program tells: steps, notes and figures, one JSON object a line."""
import json
import re

from labs.tool import launcher as m
from labs.tool import machine

ESCAPE = re.compile("\033\\[[0-9;]*m")


def parse(output, lab):
    items = []
    for line in output.out.decode(errors="replace").split("\n"):
        if line.strip():
            try:
                items.append(json.loads(line))
            except ValueError:
                raise m.Trouble(f"lab {lab.number}: the program wrote something else than its figures: {line[:120]}")
    return items


def tell(args, lab, files, program):
    """Run the lab. Return: its items, "text" with escape sequences for colours."""
    def fill(c):
        c.file("bin/" + lab.program, m.read_file(program))
        machine.pack(c, files, machine.module_home())
    status, output = machine.boot(args, lab, ["/bin/" + lab.program, "--json", "--color"], fill)
    if status:
        raise m.Trouble(f"lab {lab.number} on {args.arch} ended with status {status}: {output.last_words()}")
    return parse(output, lab)


def without_colors(items):
    return [{k: ESCAPE.sub("", v) if k == "text" else v for k, v in item.items()} for item in items]
