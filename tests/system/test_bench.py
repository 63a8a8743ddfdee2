# SPDX-License-Identifier: BSD-2-Clause
"""vsecm-bench: loads at a rate and in a closed loop, and what tells two runs apart."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from lab import BUILD, world

BENCH = f"{BUILD}/vsecm-bench"
ATTEST = f"--attest={os.environ.get('VSECM_ATTEST', 'auto')}"
PERCENTILES = ["p50", "p90", "p99", "p99.9", "max"]


def bench(*arguments):
    return subprocess.run([BENCH, *arguments], capture_output=True, timeout=300, text=True)


def load(*arguments):
    done = bench("load", f"--vsecmd={BUILD}/vsecmd", ATTEST, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(result, name):
    times = [result["latency_ns"][p] for p in PERCENTILES]
    assert times == sorted(times) and times[0] > 0, (name, result)
    assert result["done"] > 0 and result["errors"] == 0 and result["first_error"] is None, (name, result)
    assert result["server"]["cpu_ns"] > 0 and result["client"]["cpu_ns"] > 0, (name, result)


def test_load_closed():
    """each workload goes in a closed loop, and every reply is counted once"""
    for workload in ["get", "connect-get", "put", "watch", "page", "rotate"]:
        result = load(f"--workload={workload}", "--clients=3", "--seconds=1", "--layout=same")
        check(result, workload)
        samples = 3 if workload == "page" else 1
        assert result["latency_ns"]["count"] == samples * result["done"], (workload, result)
        assert result["rate_asked"] is None and result["server_cpu"] == result["client_cpu"], result
        assert (result["changes"] > 0) == (workload in ("watch", "page", "rotate")), (workload, result)


def test_load_rate():
    """at a rate whatever was due is accounted for; so are values as large as there are"""
    for arguments in (["--workload=get", "--clients=4"], ["--workload=put"], ["--workload=watch", "--clients=5"]):
        result = load("--rate=50/s", "--seconds=2", "--layout=none", *arguments)
        check(result, arguments)
        assert result["asked"] == 100 == result["done"] + result["unsent"] == result["latency_ns"]["count"], result
    check(load("--value=1M", "--seconds=1", "--layout=none"), "1M")
    # More than any daemon does: what was never sent is there as well, with the time that it waited.
    result = load("--rate=2000000/s", "--seconds=1", "--layout=none")
    assert result["unsent"] > 0 and result["latency_ns"]["count"] == 2000000 == result["asked"], result
    assert result["latency_ns"]["p50"] > 100e6, result


def in_pod(daemon, pod, *arguments):
    """As a pod runs it: as nobody, with a socket and nothing else."""
    program = f"{daemon.dir}/vsecm-bench"
    shutil.copy(BENCH, program)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "load", "--json"]
    return pod.spawn(*command, f"--socket={daemon.public}", *arguments, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, text=True)


def test_load_stall():
    """a daemon that stops for a while is seen by everybody who was due then, not by one request"""
    with world("a", requests_per_second=0) as (daemon, pod):
        daemon.put("of a", "app/a")
        bench_process = in_pod(daemon, pod, "--rate=200/s", "--seconds=3", "--clients=2")
        time.sleep(1.2)
        os.kill(daemon.process.pid, signal.SIGSTOP)
        time.sleep(1)
        os.kill(daemon.process.pid, signal.SIGCONT)
        out, said = bench_process.communicate(timeout=60)
        assert bench_process.returncode == 0, said
        result = json.loads(out)
        # A third of all 600 was due meanwhile; the first of these waited for a second.
        assert result["asked"] == 600 and result["errors"] == 0, result
        assert result["latency_ns"]["p90"] > 400e6 and result["latency_ns"]["max"] > 900e6, result
        assert result["server"] is None and result["socket"] == daemon.public, result


def test_load_refused():
    """what a daemon refuses is counted, with its reason, and is no reply; nothing but that is a failure"""
    with world("a", "b", requests_per_second=20) as (daemon, a, b):
        daemon.put("of a", "app/a")
        process = in_pod(daemon, a, "--seconds=2", "--rate=200/s")
        result = json.loads(process.communicate(timeout=60)[0])
        assert result["errors"] > 0 and "429" in result["first_error"], result
        assert result["done"] + result["errors"] + result["unsent"] == result["asked"], result
        assert result["latency_ns"]["count"] == result["done"] + result["unsent"], result
        process = in_pod(daemon, b, "--seconds=1")
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 1 and "404" in said, said


def test_load_usage():
    """what cannot be asked for is refused with what can"""
    for arguments, reason in (
        (["--workload=gets"], "must be get, connect-get, put, watch, page or rotate"),
        (["--rate=0"], "must be 1..10000000 a second"),
        (["--rate=fast"], "must be 1..10000000 a second"),
        (["--clients=257"], "must be 1..256"),
        (["--value=15"], "must be 16..1M"),
        (["--value=2M"], "must be 16..1M"),
        (["--workload=watch", "--value=4K"], "at most 1024 bytes"),
        (["--layout=near"], "must be same, apart or none"),
        (["--seconds=0"], "must be 1..86400"),
        (["--socket=/x", "--workload=put"], "without --socket"),
        (["--socket=/x", "--layout=same"], "must be none"),
        (["--socket=/x", "--value=64"], "the secret is what it is"),
        (["--speed=1"], "no such option"),
    ):
        done = bench("load", *arguments)
        assert done.returncode == 2 and reason in done.stderr and not done.stdout, (arguments, done)
    done = bench("load", "--socket=/nowhere/sock")
    assert done.returncode == 1 and "cannot connect to /nowhere/sock" in done.stderr, done
    done = bench("--only=gets")
    assert done.returncode == 2 and "get-64" in done.stderr and "noisy" in done.stderr, done
    done = bench("--help")
    for word in ["--compare", "--against", "--agree", "--workload", "--rate", "put-1k-disk", "page-wake-100", "connect-get"]:
        assert word in done.stdout, word


def test_cost():
    """the report has what requests cost, as it is on record; without a record it says so, and a bad one is refused"""
    record = pathlib.Path(__file__).parents[1] / "cost" / "expected.txt"
    rows = [line.split() for line in record.read_text().splitlines() if line and not line.startswith("#")]
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as out:
        done = bench("--only=cost", f"--out={out}", f"--cost={record}")
        assert done.returncode == 0, done.stderr
        with open(f"{out}/results.json") as file:
            cost = json.load(file)["cost"]
        assert len(rows) >= 7 and cost.pop("tools")
        assert cost == {name: {"instructions": int(instructions), "system_calls": float(calls)}
                        for name, instructions, calls in rows}
        for name, instructions, calls in rows:
            assert f"| {name:14} | {instructions:>12} | {calls:>12} |" in done.stdout, name
        done = bench("--only=cost", f"--out={out}", f"--cost={out}/absent")
        assert done.returncode == 0 and "Not shown: what requests cost." in done.stdout
        for text in ("get-64 12", "get-64 many 3.00", "get-64 12 3.00 4", "".join(f"w{i} 1 1\n" for i in range(33))):
            pathlib.Path(out, "bad").write_text(text)
            done = bench("--only=cost", f"--out={out}", f"--cost={out}/bad")
            assert done.returncode == 1 and "must be a workload, its instructions and" in done.stderr, text


def scaled(results, factor):
    """RESULTS as if all p50 were FACTOR times as long."""
    copy = json.loads(json.dumps(results))
    for row in copy["rows"]:
        p50 = row["ratio"]["p50"]
        p50["rounds"] = [factor * round for round in p50["rounds"]]
        p50["median"] *= factor
    return copy


def test_compare():
    """a run compared with itself is the same; one that is slower in every round is a regression"""
    with tempfile.TemporaryDirectory(prefix="vsecm-test-") as out:
        done = bench(f"--vsecmd={BUILD}/vsecmd", ATTEST, f"--out={out}", "--quick", "--rounds=4", "--only=get-64")
        assert done.returncode == 0, done.stderr
        with open(f"{out}/results.json") as file:
            results = json.load(file)
        for row in results["rows"]:
            for metric in row["ratio"].values():
                assert len(metric["rounds"]) == 4 and metric["low"] <= metric["median"] <= metric["high"], row
            assert row["vsecmd"]["voluntary_switches"] + row["vsecmd"]["involuntary_switches"] > 0, row
            # On one processor no reply lets the client in before the server sleeps: half of all did.
            for side in ("echo", "vsecmd") if row["layout"] == "same" else ():
                assert row[side]["involuntary_switches"] < row[side]["requests"] / 5, row
            assert "server_instructions_per_request" in row["vsecmd"], row
        # How much single rounds differ is no matter here.
        for row in results["rows"]:
            row["ratio"]["p50"]["rounds"] = [1.00, 1.01, 1.02, 1.03]
        for name, factor in (("same", 1), ("slower", 1.2), ("slow", 1.045), ("faster", 0.7)):
            with open(f"{out}/{name}", "w") as file:
                json.dump(scaled(results, factor), file)
        for row in results["rows"]:
            for metric in row["ratio"].values():
                metric["rounds"] = [0.6, 1.01, 1.02, 2]
        with open(f"{out}/untold", "w") as file:
            json.dump(results, file)
        for arguments, status, said in (
            (["same", "same"], 0, "no difference shown"),
            (["same", "slower"], 1, "REGRESSION"),
            (["same", "slow"], 0, "worse, by no more than 5 %"),
            (["same", "faster"], 0, "better"),
            (["same", "same", "--against", "same", "slower", "slower"], 1, "REGRESSION"),
            (["--agree=15", "same", "slow"], 0, "agree to +-15 %"),
            (["--agree=15", "same", "slower"], 1, "p50: 1.015 and 1.218: 1.200 times as much"),
            (["--agree=15", "untold", "slower"], 0, "0 of 0 ratios agree to +-15 %; of 6 the rounds do not tell them"),
            (["--agree=100", "untold", "untold"], 0, "6 of 6 ratios agree to +-100 %\n"),
            (["same"], 2, "takes two files"),
            (["same", "same", "same"], 2, "takes two files"),
            (["same", "absent"], 2, "absent: No such file"),
            (["same", "report.md"], 2, "report.md: no JSON, from line 1 on"),
            (["--agree=some", "same", "same"], 2, "must be a percentage"),
        ):
            done = subprocess.run([os.path.abspath(BENCH), "--compare", *arguments], cwd=out, capture_output=True, text=True)
            assert done.returncode == status and said in done.stdout + done.stderr, (arguments, done)
