"""The labs' folders: which labs there are, what their lab.json says, what a copy of a folder changes."""
import glob
import json
import os
import re

from labs.tool import launcher as m

KEYS = {"title": str, "builds": list, "modules": list, "mem": str, "minutes": int, "teaches": str}


class Lab:
    def __init__(self, path):
        self.path = path  # of the folder
        self.name = os.path.basename(path)
        self.number = int(self.name.partition("-")[0])
        self.program = f"lab{self.number}"
        try:
            with open(os.path.join(path, "lab.json"), encoding="utf-8") as f:
                data = json.load(f)
        except (OSError, ValueError) as e:
            raise m.Trouble(f"{path}/lab.json: {e}")
        for key, kind in KEYS.items():
            if not isinstance(data.get(key), kind):
                raise m.Trouble(f"{path}/lab.json: '{key}' is missing or of another type than {kind.__name__}")
            setattr(self, key, data[key])
        if not self.builds or set(self.builds) - set(m.ARCHES):
            raise m.Trouble(f"{path}/lab.json: 'builds' must name some of {', '.join(m.ARCHES)}")

    def file(self, *names):
        return os.path.join(self.path, *names)

    def arch(self, wanted):
        if wanted is None:
            return self.builds[0]
        if wanted not in self.builds:
            raise m.Trouble(f"lab {self.number} is not for {wanted}: use {' or '.join(self.builds)}")
        return wanted


def every():
    found = [Lab(os.path.dirname(p)) for p in glob.glob(os.path.join(m.ROOT, "labs", "[0-9]*-*", "lab.json"))]
    return sorted(found, key=lambda lab: lab.number)


def find(text):
    labs = every()
    for lab in labs:
        if text.isdigit() and lab.number == int(text):
            return lab
    raise m.Trouble(f"there is no lab {text}: use one of {', '.join(str(lab.number) for lab in labs)}")


def sources(path):
    """The C files of a folder: the program's."""
    return sorted(f for f in os.listdir(path) if re.fullmatch(r"[\w.+-]+\.[ch]", f))


def checked(path):
    """@path, which must be a folder that holds a part of a lab at least."""
    if not os.path.isdir(path):
        raise m.Trouble(f"{path}: no such folder")
    if not sources(path) and not os.path.isdir(os.path.join(path, "module")):
        raise m.Trouble(f"{path}: neither a program (*.c) nor a module/ there")
    return path
