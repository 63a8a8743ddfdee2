# SPDX-License-Identifier: BSD-2-Clause
"""render and generate: what they print, what they refuse, with no daemon."""

import re
import resource
import string
import subprocess
import tempfile

from lab import BUILD
from terminal import at_terminal

VSECM = f"{BUILD}/vsecm"
ADMIN = b'{"username": "admin", "password": "VSecMRocks!"}'
TEMPLATE = '{"USR":"{{.username}}", "PWD":"{{.password}}"}'
SYMBOLS = "!@#$%^&*()-_+={}[]|<>,.?/"


def run(*arguments, text=b"", **options):
    return subprocess.run([VSECM, *arguments], input=text, capture_output=True, timeout=60, check=False, **options)


def good(*arguments, text=b"", **options):
    """What it prints; it must succeed and say nothing besides."""
    done = run(*arguments, text=text, **options)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout


def noticed(*arguments, text=b"", why=b""):
    """What it prints where it must succeed, but tell why the template is not used."""
    done = run(*arguments, text=text)
    assert done.returncode == 0 and re.fullmatch(rb"vsecm: the template is not used: [^\n]+\n", done.stderr), done
    assert why in done.stderr, done.stderr
    return done.stdout


def refused(*arguments, text=b"", status=1, why=b""):
    """It must end with STATUS, print nothing, and give a reason that has WHY in it."""
    done = run(*arguments, text=text)
    assert done.returncode == status and not done.stdout, done
    assert re.fullmatch(rb"vsecm: [^\n]+\n", done.stderr) and why in done.stderr, done.stderr


def test_formats():
    """render: json, yaml and raw, with a template and without"""
    rows = [
        (("-t", TEMPLATE), b'{"USR":"admin", "PWD":"VSecMRocks!"}'),
        (("-t", TEMPLATE, "-f", "json"), b'{"USR":"admin", "PWD":"VSecMRocks!"}'),
        (("-t", TEMPLATE, "-f", "yaml"), b"PWD: VSecMRocks!\nUSR: admin\n"),
        (("--template", "{{.username}}", "--format", "raw"), b"admin"),
        (("-f", "yaml"), b"password: VSecMRocks!\nusername: admin\n"),
        (("-f", "raw"), ADMIN),
        ((), ADMIN),
    ]
    for arguments, expected in rows:
        assert good("render", *arguments, text=ADMIN) == expected, arguments


def test_fall_backs():
    """render: what does not fit leaves the value as it is, and says why"""
    assert noticed("render", "-t", "{{.username", text=ADMIN, why=b"1:") == ADMIN
    assert noticed("render", "-t", "{{.username.x}}", text=ADMIN, why=b"1:") == ADMIN
    assert noticed("render", "-t", "{{.username}}", text=ADMIN, why=b"no JSON object") == ADMIN
    assert noticed("render", "-t", TEMPLATE, text=b"not JSON \n", why=b"no JSON object") == b"not JSON \n"
    assert noticed("render", "-t", "{{.username.x}}", "-f", "yaml", text=ADMIN) == good("render", "-f", "yaml", text=ADMIN)
    assert noticed("render", "-t", "{{if .none}}x{{end}}", "-f", "raw", text=ADMIN, why=b"nothing") == ADMIN
    refused("render", "-t", TEMPLATE, why=b"no value")


def test_strict():
    """render --strict: exactly what the template makes, or status 1"""
    for template, expected in ((TEMPLATE, b'{"USR":"admin", "PWD":"VSecMRocks!"}'), ("{{.none}}\n", b"<no value>\n"), ("", b""),
                               ("{{if .none}}x{{end}}", b""), ("{{range $k, $v := .}}{{$k}} {{end}}", b"password username ")):
        assert good("render", "--strict", "-t", template, text=ADMIN) == expected, template
    for template in ("{{", "{{nope}}", "{{.password-1}}", "{{.USER .PASS}}", "{{index .username 99}}", "{{break}}"):
        refused("render", "--strict", "-t", template, text=ADMIN, why=b"cannot render: 1:")
    refused("render", "--strict", "-t", "x", text=b"{username}", why=b"no JSON")
    assert good("render", "--strict", "-t", "{{len .}}", text=b"[1,2]") == b"2"


def test_no_value_in_errors():
    """render: no word of the value in what it says"""
    secret = b'{"k":"hunter2","n":31337,"l":["hunter2"]}'
    for template in ("{{.k.x}}", "{{index .l 31337}}", "{{index .k 99}}", "{{len .n}}", "{{slice .k 99}}", "{{eq .k .n}}", "{{call .k}}", "{{.k | .n}}",
                     "{{range .n}}{{end}}", "{{template \"x\" .k}}", "{{printf .n}}", "{{index .l .k}}"):
        for arguments in (("--strict",), ("-f", "raw")):
            done = run("render", *arguments, "-t", template, text=secret)
            assert done.stderr and b"hunter2" not in done.stderr, done
            assert "31337" in template or b"31337" not in done.stderr, done
    done = run("render", "--strict", "-t", "x", text=b'{"k":"hunter2"')
    assert done.returncode == 1 and b"hunter2" not in done.stderr, done


def test_template_file():
    """render: a template from a file is taken byte for byte"""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as directory:
        path = f"{directory}/template"
        with open(path, "wb") as file:
            file.write(b"{{.username}}\n")
        assert good("render", "--strict", "--template-file", path, text=ADMIN) == b"admin\n"
        assert good("render", "-f", "raw", "--template-file", path, text=ADMIN) == b"admin\n"
        with open(path, "wb") as file:
            file.write(b" " * (64 * 1024 + 1))
        refused("render", "--template-file", path, text=ADMIN, why=b"65536")
        refused("render", "--template-file", f"{directory}/none", text=ADMIN, why=b"No such file")


def test_usage():
    """render, generate: a wrong command line is status 2"""
    for arguments in (("-f", "xml"), ("-f", ""), ("--strict",), ("--strict", "-t", "x", "-f", "raw"), ("-t", "x", "--template-file", "y"),
                      ("--template-file", "-"), ("-t",), ("operand",)):
        refused("render", *arguments, text=ADMIN, status=2)
    refused("generate", status=2)
    refused("generate", "[a-z]{3}", "[a-z]{3}", status=2)
    for verb in ("render", "generate"):
        assert b"usage: vsecm " + verb.encode() in good(verb, "--help")


def test_limits():
    """render: too much of anything is refused, in time"""
    for template in ("{{range 2000}}{{range 2000}}{{end}}{{end}}", '{{define "T"}}{{template "T"}}{{end}}{{template "T"}}',
                     "{{range 9}}{{range 999}}{{printf \"%999d\" 1}}{{end}}{{end}}", "{{printf \"%s\" .username | printf \"%900000s%900000s\" .username}}"):
        for arguments in (("--strict",), ("-f", "raw")):
            refused("render", *arguments, "-t", template, text=ADMIN, why=b"cannot render")
    refused("render", "-t", "x", text=b" " * (1 << 20) + b"{}", why=b"1048576")
    assert good("render", "-f", "raw", text=b"x" * (1 << 20)) == b"x" * (1 << 20)


def test_locked_memory_is_no_must():
    """render: works with no locked memory allowed"""
    def none():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    assert good("render", "-t", TEMPLATE, "-f", "yaml", text=ADMIN, preexec_fn=none) == b"PWD: VSecMRocks!\nUSR: admin\n"
    assert len(good("generate", "[a-z]{4096}", preexec_fn=none)) == 4096


def test_generate():
    """generate: what is around stays, each alphabet, both ends of a range"""
    assert re.fullmatch(rb"football.{8}bartender", good("generate", r"football[\w]{8}bartender"))
    assert re.fullmatch(rb'\{"user":"app-[a-z0-9]{6}","n":\[1,2\],"p":"[!-~]{24}"\}', good("generate", r'{"user":"app-[a-z0-9]{6}","n":[1,2],"p":"[\w]{24}"}'))
    letters = string.ascii_letters
    for ranges, alphabet in ((r"\w", letters + string.digits + SYMBOLS), (r"\d", string.digits), (r"\x", SYMBOLS), ("a-z", letters[:26]), ("a-Z", letters),
                             ("0-9", string.digits), ("xyz", "xyz"), ("a-cX-Z0", "abcXYZ0")):
        assert set(good("generate", f"[{ranges}]{{4096}}").decode()) == set(alphabet), ranges
    assert len({good("generate", "[a-zA-Z0-9]{20}") for _ in range(50)}) == 50


def test_bad_patterns():
    """generate: a bad pattern is status 1 and a reason with the place"""
    for pattern, why in (("pass[z-a]{8}", b"character 6: z-a runs backwards"), ("pass[a-Z]{8", b"character 10: "), ("[a]{three}", b"character 4: "),
                         ("[a]{4097}", b"from 1 to 4096"), ("[a]{0}", b"from 1 to 4096"), ("[a!]{3}", b"character 3: "), ("password", b"nothing in it is random")):
        refused("generate", pattern, why=why)
    done = run("generate", "hunter2[z-a]{8}")
    assert b"hunter2" not in done.stderr, done


def test_terminal():
    """generate, render: a newline at a terminal only, and none with --strict"""
    def shown(*arguments, text=b""):
        status, _, output = at_terminal([VSECM, *arguments], text=text, to_terminal=True)
        assert status == 0, output
        return output
    assert shown("generate", "[a]{3}") == b"aaa\r\n"
    assert good("generate", "[a]{3}") == b"aaa"
    assert shown("render", "-f", "raw", "-t", "{{.username}}", text=ADMIN) == b"admin\r\n"
    assert shown("render", "--strict", "-t", "{{.username}}", text=ADMIN) == b"admin"
