using System.Globalization;
using GraphColouring.Queens;

var job = new ColouringJob((int)Option("--size", 8), (int)Option("--colours", 9), Option("--seed", 1));
IImprover[] models = [new MinConflicts(), new TabuCol()];
var (colouring, rounds, tier) = ((Colouring?)null, 0, 0);
for (var stalled = 0; colouring is null || !Verifier.Accepts(job, colouring); rounds++)
{
    if (stalled == 5) tier = 1;
    var next = models[tier].Improve(colouring, job, job.Seed);
    stalled = next.Squares == colouring?.Squares ? stalled + 1 : 0;
    colouring = next;
    Console.WriteLine($"round {rounds + 1}: {models[tier].GetType().Name}, {Verifier.Conflicts(colouring)} conflicts");
}

foreach (var row in colouring.Squares.Chunk(job.Size)) Console.WriteLine(string.Join(' ', row));

ulong Option(string name, ulong otherwise) =>
    Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? ulong.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
