# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the numbers as tables in Markdown, the page docs/performance.md and the plot."""

from __future__ import annotations

from . import contenders
from .fleet import CHECKOUT
from .targets import Numbers, targets, vault_cost

PAGE = CHECKOUT / "docs/performance.md"
PLOT = "bench.svg"
NOTE = "<!-- Written by `make bench BENCH=--documentation` from what it measured. -->"

JOB = """\
The job is the same for all: for each environment log in at Infor, read the user of the service account, test IDM, ION Messaging and the connection
point, list the exports and document types of DocBits, create two exports with their mappings and the ION API file, list again, read all five files back
and compare them, and let DocBits check both exports. Everything goes over TLS to a server on the same machine, which answers after the given latency. The
playbook reads a vaulted ION API file and a vaulted variables file for each environment, and so does `ansible.builtin.uri`; the script and the shell read
plain text. The last row is not a rival: it is what Ansible itself needs to start and to run one task that shows a message for each environment.
"""

SERVERS = {
    "nginx": "The server is one worker of nginx with the state of the environments in Lua. It answers what the simulator answered for one environment, and"
    " takes some 0.15 ms of processor time for a request, so that it hardly competes with the contenders for the cores.",
    "simulator": "The server is the simulator. It takes some two milliseconds of processor time for a request, and has to share the cores with the contenders.",
}

VAULT_ADVICE = """\
Opening one vault text takes some six milliseconds, nearly all of them spent on deriving its key, whatever its size; the cost for each environment stays
flat. The first process that needs a text opens it for the controller and all workers of the run. Which form to use:

- A vaulted file each: for most fleets. It is what Infor gave, a person can compare it with the console, one stale file is replaced without touching
  another, and who may read it is settled for each environment. What it takes is little beside the calls of an environment.
- Inline values: the same, for those who like a secret beside the plain variables of its host.
- One vaulted file of variables for a group, with the ION API files and keys of its environments under their names and references to it: next to nothing,
  for hundreds of environments that are all opened with one password.
"""

# Said by hand: what was measured once and given up has no number in a later run.
TRIED = """\
What helped most: all environments of a ring in threads, which share logins, connections, the TLS context and the contract; and the threads in a process for
each core, each of which also reads and decrypts its share. With the memory of their parent out of the reach of the garbage collector, they take no more
processor time than one process; without, a third of a second more for 50 environments.

What helped, too: proxies looked up once for each service and environment; a semaphore for each host instead of system calls that release the interpreter; a
result without a diff unless it is asked for; an outcome that takes its part of the result by name instead of by a template; one list for all new exports,
which is not read once more if it shows them at once; vault texts that are opened once in a run, also for the variables in the controller; redaction that
encodes only secrets that may be in a result, and looks for their pieces only in a text with a part of one (0.3 ms instead of 1.6 ms for each result). A
result with only the outcome of each stage of the proof saves some two percent of the processor time. With a process for each core, a limit of 64
environments and requests to a host instead of 50 and 32 saves the largest ring some 15 percent of its time at 50 ms; a higher one saves nothing more.

What was tried and helped little or not: taking what was loaded out of the reach of the garbage collector before Ansible forks; handing the results of a
batch to its hosts as JSON text; more forks than cores for the outcomes, since the controller starts one after the other; `run_vars_plugins = start`,
which opens vaulted variables before the calls instead of while they wait; a newer Python and ansible-core; fewer threads, and
other switch intervals of the interpreter; vault texts opened in the threads of one process, since deriving a key does not release the interpreter.
Validating the options takes 0.25 ms, parsing an ION API file 0.35 ms and a file of the record 0.25 ms: nothing to win there. Calls of one environment side
by side save a single environment a third of a second at 50 ms, a fleet a twentieth, and open several connections to each host instead of one: left out.

There is nothing left to save in a request: with its deadline, the limit for its host and the look-up of proxies it takes as much processor time as one
through a session of requests, some 0.4 ms on a connection that is open.

A result of its own for each host costs what any task costs that Ansible runs for each host: a fork, putting the host's variables together and showing
the result. That is the row of `ansible.builtin.debug` above, and it is the price of a recap, a failure and a `--limit` for each environment.

What takes time: a ring begins when the one before it has ended, and the requests of one environment follow each other, so that each ring takes at least as
long as one environment. A single environment waits for its requests, which at 50 ms is 1 s for nineteen of them; the rest is the start of Ansible.

An unchanged run saves seven of the nineteen requests and nothing else: it proves each ION API file against Infor like the first one (five requests), reads the
contract and the list of exports (two) and all five files, opens the same vaults and shows as many results. So it takes some four
fifths of the time of the first run.
That is its purpose: to find out which files Infor no longer accepts, and what somebody has changed by hand.

The playbook sends two requests more than the others for a first run: it reads the contract, and it reads the list of exports again before the first write.
"""


def write(result: dict, folder, with_documentation: bool) -> None:
    """Write the plot into `folder`, and with_documentation also the page of the documentation with its plot."""
    plotted = plot(result, folder / PLOT)
    if with_documentation:
        PAGE.write_text(page(result, with_plot=plotted and plot(result, PAGE.with_suffix(".svg"))))


def page(result: dict, with_plot: bool) -> str:
    """docs/performance.md."""
    machine = result["machine"]
    median = f"the median of {result['runs']} runs, or one run where that took longer than {result['once']:.0f} s" if result["runs"] > 1 else "one run"
    parts = [
        "# Performance",
        NOTE,
        f"Measured with ansible-{machine['ansible']} and Python {machine['python']} on a {machine['system']} machine with {machine['cores']} cores"
        f" ({machine['architecture']}) and {machine['memory_gib']} GiB of memory; each number is {median}."
        " Compare the rows with each other rather than with a clock: they were measured in one go, in turn.",
        JOB.strip(),
        SERVERS[result["server"]],
        "## Wall time",
        table(result),
    ]
    if with_plot:
        parts.append(f"![Wall time by number of environments]({PAGE.with_suffix('.svg').name})")
    parts += ["## Targets", verdicts(result), "## What each run took", details(result)]
    if result["vault"]:
        parts += ["## What a vault costs", vault_table(result)]
    if result["profile"]:
        parts += ["## Where the processor time goes", profile_table(result), TRIED.strip()]
    return "\n\n".join(parts) + "\n"


def table(result: dict) -> str:
    """Wall seconds by contender and size, one table for each latency."""
    numbers = Numbers(result)
    tables = []
    for latency in numbers.latencies:
        rows = [["seconds", *map(str, numbers.sizes)]]
        for contender in contenders.ALL:
            walls = [numbers.wall(contender, size, latency) for size in numbers.sizes]
            if any(wall is not None for wall, _extrapolated in walls):
                rows.append([contender.title, *(_seconds(*wall) for wall in walls)])
        tables.append(f"Server latency {latency} ms, by number of environments:\n\n{_markdown(rows)}")
    notes = ["≈ was not measured but extrapolated: a straight line through the two largest fleets measured."] if "≈" in "".join(tables) else []
    notes += [f"Left out: {line}." for line in result["left_out"]]
    return "\n\n".join(tables + notes)


def verdicts(result: dict) -> str:
    """The targets with what was reached."""
    rows = [["target", "limit", "reached", ""]]
    for target in targets(result):
        reached = "" if target.value is None else f"{'≈ ' if target.extrapolated else ''}{target.value:.2f}{target.unit}"
        rows.append([target.text, f"{'at most' if target.at_most else 'at least'} {target.limit:g}{target.unit}", reached, target.verdict])
    return _markdown(rows)


def details(result: dict) -> str:
    """Everything else that was measured, at the highest latency."""
    latency = max(row["latency"] for row in result["rows"])
    rows = [["", "environments", "wall s", "processor s", "server's processor s", "memory MiB", "of all MiB", "requests", "connections", "logins", "writes"]]
    for row in result["rows"]:
        if row["latency"] == latency:
            server = "" if row["server_cpu"] is None else f"{row['server_cpu']:.1f}"
            all_memory = "" if row["all_memory"] is None else f"{row['all_memory']:.0f}"
            counts = [f"{row[name]:.0f}" for name in ("requests", "connections", "logins", "writes")]
            rows.append([row["title"], str(row["size"]), f"{row['wall']:.1f}", f"{row['cpu']:.1f}", server, f"{row['memory']:.0f}", all_memory, *counts])
    read_as = (
        f"At {latency} ms. Processor time is that of all processes of the contender, memory that of the largest of them and, looked at"
        " four times a second, of all together with shared pages counted once."
    )
    return f"{read_as}\n\n{_markdown(rows)}"


def vault_table(result: dict) -> str:
    """Milliseconds of processor time for each environment."""
    sizes = sorted({row["size"] for row in result["vault"]})
    cost = {(layout, size): milliseconds for layout, size, milliseconds in vault_cost(result)}
    rows = [["milliseconds of processor time for each environment", *(f"of {size}" for size in sizes)]]
    for layout in dict.fromkeys(layout for layout, _size in cost):
        rows.append([layout, *(f"{cost[layout, size]:.1f}" for size in sizes)])
    return (
        "What `deploy_ion.yml --tags parse`, which makes no call, spends in Ansible's vault, over all its processes. Each environment has two secrets: its ION"
        f" API file and its API key.\n\n{_markdown(rows)}\n\n{VAULT_ADVICE.strip()}"
    )


def profile_table(result: dict) -> str:
    """Processor seconds by process and purpose, what is hardly anything left out, and whose they are."""
    size, whole = result["profiled"], sum(seconds for *_names, seconds in result["profile"])
    rows = [["process", "what for", "whose", "seconds", "share"]]
    for process, what, whose, seconds in result["profile"]:
        if seconds >= whole / 200:
            rows.append([process, what, whose, f"{seconds:.2f}", f"{100 * seconds / whole:.0f} %"])
    rows.append(["all", "", "", f"{whole:.2f}", "100 %"])
    markdown = _markdown(rows, left=3)
    return f"The first run of `deploy_ion.yml` over {size} environments, without latency, in seconds of processor time:\n\n{markdown}"


def plot(result: dict, path) -> bool:
    """Draw wall time by size, one panel for each latency; False if matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "docbits.ion"
    from matplotlib import pyplot

    numbers = Numbers(result)
    figure, panels = pyplot.subplots(1, len(numbers.latencies), figsize=(11, 4.5), sharey=True, squeeze=False, layout="constrained")
    for panel, latency in zip(panels[0], numbers.latencies, strict=True):
        for contender in contenders.ALL:
            walls = {size: numbers.wall(contender, size, latency) for size in numbers.sizes}
            measured = [size for size, (wall, extrapolated) in walls.items() if wall is not None and not extrapolated]
            beyond = measured[-1:] + [size for size, (_wall, extrapolated) in walls.items() if extrapolated]
            if measured:
                (line,) = panel.plot(measured, [walls[size][0] for size in measured], marker="o", label=contender.title)
                if len(beyond) > 1:
                    values = [walls[size][0] for size in beyond]
                    panel.plot(beyond, values, linestyle=":", marker="x", color=line.get_color(), label=f"{contender.title} (extrapolated)")
        panel.set(title=f"server latency {latency} ms", xlabel="environments", xscale="log", yscale="log", xticks=numbers.sizes, xticklabels=numbers.sizes)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("seconds")
    panels[0][0].legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return True


def _seconds(wall, extrapolated) -> str:
    if wall is None:
        return ""
    return f"{'≈ ' if extrapolated else ''}{wall:.2f}" if wall < 10 else f"{'≈ ' if extrapolated else ''}{wall:.0f}"


def _markdown(rows, left=1) -> str:
    """A table; the first `left` columns hold text, the others numbers."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, f"|{'|'.join(['---'] * left + ['---:'] * (len(rows[0]) - left))}|", *body])
