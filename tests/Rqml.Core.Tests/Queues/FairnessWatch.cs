namespace Rqml.Queues;

/// <summary>Deficit round robin's promise: while two classes both have tasks ready, the turns that they were given differ by at most one, from any moment to any other.</summary>
internal sealed class FairnessWatch(Func<string, int> weightOf)
{
    private const double Rounding = 1e-6;
    private readonly Dictionary<(string, string), (double Lead, double Least, double Most)> _pairs = [];

    public void Now(HashSet<string> ready)
    {
        foreach (var pair in _pairs.Keys)
        {
            if (!ready.Contains(pair.Item1) || !ready.Contains(pair.Item2)) _pairs.Remove(pair);
        }

        foreach (var one in ready)
        {
            foreach (var other in ready)
            {
                if (one != other) _pairs.TryAdd((one, other), default);
            }
        }
    }

    public void Served(string taskClass)
    {
        foreach (var (pair, (lead, least, most)) in _pairs)
        {
            if (pair.Item1 != taskClass) continue;
            var now = lead + (1.0 / weightOf(taskClass));
            Note(pair, now, least, Math.Max(most, now));
            var (back, backLeast, backMost) = _pairs[(pair.Item2, pair.Item1)];
            Note((pair.Item2, pair.Item1), back - (now - lead), Math.Min(backLeast, back - (now - lead)), backMost);
        }
    }

    private void Note((string, string) pair, double lead, double least, double most)
    {
        Assert.True(most - least <= 1 + Rounding, $"{pair.Item1} got {most - least} turns more than {pair.Item2} while both had tasks");
        _pairs[pair] = (lead, least, most);
    }
}
