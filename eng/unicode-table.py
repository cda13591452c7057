"""Writes src/Judging/Verifier/Unicode.txt from Python's copy of the Unicode character database. Run in the root: python3 eng/unicode-table.py"""
import sys
import unicodedata as u

CODES = [c for c in range(0x80, 0x110000) if not (0xD800 <= c <= 0xDFFF or 0xAC00 <= c <= 0xD7A3)]  # surrogates, Hangul


def runs(values, follows):
    """Consecutive codes in one run where the next value follows from the run's first: [first, last, value of the first]."""
    found = []
    for code, value in values:
        if found and found[-1][1] == code - 1 and follows(value, found[-1][2], code - found[-1][0]):
            found[-1][1] = code
        else:
            found.append([code, code, value])
    return found


decompositions = [(c, u.normalize("NFKD", chr(c))) for c in CODES if u.normalize("NFKD", chr(c)) != chr(c)]
classes = [(c, u.combining(chr(c))) for c in CODES if u.combining(chr(c))]
with open("src/Judging/Verifier/Unicode.txt", "w", encoding="ascii", newline="\n") as file:
    file.write(f"# Unicode {u.unidata_version}, by {sys.argv[0]}. FIRST-LAST > what the first decomposes to (NFKD), rising by one where it is one\n")
    file.write("# character; FIRST-LAST = canonical combining class. Data (c) Unicode, Inc., unicode.org/license.txt\n")
    for first, last, text in runs(decompositions, lambda new, old, offset: len(new) == len(old) == 1 and ord(new) == ord(old) + offset):
        file.write(f"{first:X}-{last:X}>{' '.join(f'{ord(c):X}' for c in text)}\n")
    for first, last, value in runs(classes, lambda new, old, offset: new == old):
        file.write(f"{first:X}-{last:X}={value}\n")
