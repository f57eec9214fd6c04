#!/usr/bin/python3
"""Writes the layout files into a C++ source: embed_layouts.py OUTPUT.cpp FILE.toml..."""

import pathlib
import sys

DELIMITER = "layout_file"

output, *inputs = map(pathlib.Path, sys.argv[1:])
entries = []
for path in sorted(inputs, key=lambda path: path.name):
    text = path.read_text(encoding="utf-8")
    if f"){DELIMITER}\"" in text:
        sys.exit(f"{path}: contains the delimiter ){DELIMITER}\"")
    entries.append(f'    {{"{path.name}", R"{DELIMITER}({text}){DELIMITER}"}},\n')

output.write_text(
    "// Made by embed_layouts.py from mixer/layout/layouts/*.toml.\n"
    '#include "mixer/layout/built_in_files.h"\n\n'
    "namespace mixer {\n\n"
    "static constexpr BuiltInFile kFiles[] = {\n" + "".join(entries) + "};\n\n"
    "std::span<const BuiltInFile> built_in_files() { return kFiles; }\n\n"
    "}  // namespace mixer\n",
    encoding="utf-8",
)
