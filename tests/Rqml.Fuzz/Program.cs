using System.Diagnostics;
using System.Globalization;
using Rqml.Fuzz;
using Rqml.Fuzz.Targets;

// INPUTS [seed] [corpus to grow] [part of a target's name]: so many inputs over all targets; a table; ends with 1 where a decoder broke its promise.
var inputs = args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
var seed = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var grown = args.Length > 2 && args[2] != "-" ? args[2] : null;
var part = args.Length > 3 ? args[3] : "";

// What is kept of a run for the next: the shortest inputs, of as many kinds of answers.
const int MostKept = 60;
const int LongestKept = 1_024;

using var all = new AllTargets();
FuzzTarget[] targets = [.. all.Targets.Where(target => target.Name.Contains(part, StringComparison.Ordinal))];
var shares = targets.Sum(target => 1.0 / target.Cost);
var corpus = Path.Combine(AppContext.BaseDirectory, "Corpus");
var (total, faults) = (0L, 0);
Console.WriteLine("| decoder | inputs | accepted | kinds of answers | s | inputs/s | faults |");
Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|");
foreach (var target in targets)
{
    var known = Corpus.Read(corpus, target.Name);
    var fuzzer = new Fuzzer(target, known, seed);
    var clock = Stopwatch.StartNew();
    fuzzer.Run((long)Math.Ceiling(inputs / shares / target.Cost));
    var seconds = clock.Elapsed.TotalSeconds;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {target.Name} | {fuzzer.Inputs} | {fuzzer.Accepted} | {fuzzer.Answers} | {seconds:0.0} | {fuzzer.Inputs / seconds:0} | {fuzzer.Faults.Count} |"));
    foreach (var (input, fault) in fuzzer.Faults) Console.WriteLine($"FAULT: {target.Name} {Convert.ToBase64String(input)} {string.Join(' ', fault.Split('\n').Take(6))}");
    total += fuzzer.Inputs;
    faults += fuzzer.Faults.Count;
    if (grown is not null) Corpus.Write(grown, target.Name, known.Concat(fuzzer.Kept.Where(input => input.Length <= LongestKept).OrderBy(input => input.Length).Take(MostKept)));
}

Console.WriteLine($"{total} inputs, {faults} faults.");
return faults == 0 ? 0 : 1;
